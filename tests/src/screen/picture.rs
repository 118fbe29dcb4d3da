//! What a screen shows: pixels, and files of them.

use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Red, green and blue.
type Colour = [u8; 3];

/// The fewest colours of a window that shows something: letters alone have that many shades.
const FEWEST: usize = 16;

/// Pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: u16,
    pixels: Vec<Colour>,
}

impl Picture {
    /// What an X server sends: four bytes for each pixel, blue first.
    ///
    /// # Errors
    /// Where it sent another number of pixels.
    pub fn from_server(width: u16, height: u16, data: &[u8]) -> Result<Self> {
        let pixels: Vec<Colour> = data.chunks_exact(4).map(|bytes| [bytes[2], bytes[1], bytes[0]]).collect();
        let (wanted, found) = (usize::from(width) * usize::from(height), pixels.len());
        ensure!(found == wanted && wanted > 0, "{found} pixels for {width} times {height}");
        Ok(Self { width, pixels })
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        let width = usize::from(self.width);
        (width, self.pixels.len() / width)
    }

    /// Its colours.
    pub fn colours(&self) -> BTreeSet<Colour> {
        self.pixels.iter().copied().collect()
    }

    /// Whether nothing is on it but areas of few colours.
    pub fn is_blank(&self) -> bool {
        self.colours().len() < FEWEST
    }

    /// Writes it as PNG, with a palette where that is enough.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let what = || format!("write {}", path.display());
        let file = BufWriter::new(File::create(path).with_context(what)?);
        let (width, height) = self.size();
        let mut encoder = png::Encoder::new(file, u32::from(self.width), u32::try_from(height)?);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_deflate_compression(png::DeflateCompression::Level(9));
        let palette: Vec<Colour> = self.colours().into_iter().collect();
        let data = if palette.len() <= 256 {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_filter(png::Filter::NoFilter);
            encoder.set_palette(palette.concat());
            let number =
                |colour: &Colour| palette.binary_search(colour).ok().and_then(|at| at.try_into().ok());
            self.pixels.iter().map(number).collect::<Option<Vec<u8>>>().context("a colour that is none")?
        } else {
            encoder.set_color(png::ColorType::Rgb);
            encoder.set_filter(png::Filter::Adaptive);
            self.pixels.concat()
        };
        ensure!(data.len() % width == 0, "lines of different lengths");
        let mut writer = encoder.write_header().with_context(what)?;
        writer.write_image_data(&data).with_context(what)?;
        writer.finish().with_context(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(shades: u8) -> Picture {
        let data: Vec<u8> = (0..shades).flat_map(|shade| [shade, 1, 2, 0]).collect();
        Picture::from_server(shades.into(), 1, &data).unwrap()
    }

    #[test]
    fn a_window_without_letters_is_blank() {
        assert!(grey(3).is_blank());
        assert!(!grey(40).is_blank());
        assert!(Picture::from_server(2, 2, &[0; 12]).is_err());
    }

    #[test]
    fn files_hold_the_pixels() {
        let folder = tempfile::tempdir().unwrap();
        let many: Vec<u8> = (0..100_u32 * 100).flat_map(|n| (n * 1000).to_le_bytes()).collect();
        for picture in [grey(40), Picture::from_server(100, 100, &many).unwrap()] {
            let path = folder.path().join("picture.png");
            picture.save(&path).unwrap();
            let mut decoder = png::Decoder::new(std::io::BufReader::new(File::open(&path).unwrap()));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            assert_eq!(pixels, picture.pixels.concat());
        }
    }
}
