//! `goboroot small|full [--work FOLDER]`: builds a root.

use anyhow::{Result, bail};
use gobo_tests::root::{self, Options};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [variant] => Options::new(variant.parse()?),
        [variant, "--work", folder] => Options { work: folder.into(), ..Options::new(variant.parse()?) },
        _ => bail!("usage: goboroot small|full [--work FOLDER]"),
    };
    let root = root::build(&options)?;
    println!("{}", root.path.display());
    Ok(())
}
