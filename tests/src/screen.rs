//! A screen in a chamber: an X server that draws in memory, a window manager, and a client of them that finds windows and
//! looks at what they show.
//!
//! The server and the manager are programs of the full root and see its index as it is; the programs whose windows are
//! looked for run in sessions of their own. The display has no access control: nobody outside the chamber reaches it.

pub mod picture;

use crate::chamber::{Chamber, Process};
use anyhow::{Context as _, Result, bail, ensure};
use picture::Picture;
use std::time::{Duration, Instant};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask, ImageFormat,
    MapState, Window as Id,
};
use x11rb::rust_connection::{DefaultStream, RustConnection};

/// How long a program may take to show its window, and to paint it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);

/// How long nothing changes on a screen that is still.
const STILL: Duration = Duration::from_millis(1500);

/// More than a frame has on any side.
const BORDER: u16 = 40;

/// The window manager's configuration, and where the chamber has it.
const MANAGER: (&str, &str) = ("/etc/jwm/screen.jwmrc", include_str!("../data/screen/jwmrc"));

/// A screen. It ends, with the windows on it, when the value is dropped.
pub struct Screen {
    connection: RustConnection,
    root: Id,
    atoms: Atoms,
    display: String,
    _manager: Process,
    _server: Process,
}

/// Names that windows and the manager speak of.
struct Atoms {
    name: Atom,
    process: Atom,
    activate: Atom,
    manager: Atom,
}

/// A window of a program, as it was found.
#[derive(Debug, Clone)]
pub struct Window {
    id: Id,
    /// Its title.
    pub title: String,
    /// The process that made it, as the chamber counts.
    pub process: u32,
}

impl Screen {
    /// Starts the server and the window manager.
    ///
    /// # Errors
    /// Where one of them does not start.
    pub fn start(chamber: &Chamber, width: u16, height: u16) -> Result<Self> {
        let size = format!("{width}x{height}x24");
        // The server finds a free number, and says which when it is ready.
        let argv = ["Xvfb", "-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp", "-ac", "-noreset"];
        let mut server = chamber.spawn(argv)?;
        let number = server.line(PATIENCE).context("the X server did not start")?;
        let display = format!(":{number}");
        let socket = chamber.connect(format!("/tmp/.X11-unix/X{number}"))?;
        let (stream, _) = DefaultStream::from_unix_stream(socket)?;
        let connection = RustConnection::connect_to_stream(stream, 0)?;
        let root = connection.setup().roots.first().context("a display without screen")?.root;
        let atom = |name: &str| -> Result<Atom> {
            Ok(connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
        };
        let atoms = Atoms {
            name: atom("_NET_WM_NAME")?,
            process: atom("_NET_WM_PID")?,
            activate: atom("_NET_ACTIVE_WINDOW")?,
            manager: atom("_NET_SUPPORTING_WM_CHECK")?,
        };
        let (file, text) = MANAGER;
        chamber.write(file, text)?;
        let manager = chamber.command(["jwm", "-f", file]).env("DISPLAY", &display).spawn()?;
        let screen = Self { connection, root, atoms, display, _manager: manager, _server: server };
        until("the window manager is there", || Ok(screen.property(root, screen.atoms.manager)))?;
        Ok(screen)
    }

    /// What programs have in DISPLAY.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Waits until a window with this title is shown.
    ///
    /// # Errors
    /// Where there is none after a minute: the titles that there are.
    pub fn wait_for(&self, title: &str) -> Result<Window> {
        let found = until(&format!("a window {title:?} is shown"), || {
            Ok(self.windows()?.into_iter().find(|window| window.title == title))
        });
        found.with_context(|| {
            let titles = self.windows().unwrap_or_default().into_iter().map(|window| window.title);
            format!("the windows are {:?}", titles.collect::<Vec<_>>())
        })
    }

    /// Brings a window to the front and waits until it shows more than an empty area.
    ///
    /// # Errors
    /// Where it stays empty.
    pub fn wait_until_painted(&self, window: &Window) -> Result<Picture> {
        self.activate(window)?;
        until(&format!("{:?} is painted", window.title), || {
            let picture = self.area(window.id)?;
            Ok((!picture.is_blank()).then_some(picture))
        })
    }

    /// Moves a window, with its frame, to a place on the screen.
    ///
    /// # Errors
    /// Where it does not get there.
    pub fn place(&self, window: &Window, x: i16, y: i16) -> Result<()> {
        let there = ConfigureWindowAux::new().x(i32::from(x)).y(i32::from(y));
        until(&format!("{:?} is at {x}, {y}", window.title), || {
            // Again and again: the manager may not have it yet.
            self.connection.configure_window(window.id, &there)?.check()?;
            let frame = self.connection.get_geometry(self.frame(window.id)?)?.reply()?;
            Ok((frame.x.abs_diff(x) < BORDER && frame.y.abs_diff(y) < BORDER).then_some(()))
        })
    }

    /// The window below the root that a window lies in: the one of the manager, with title and border.
    fn frame(&self, window: Id) -> Result<Id> {
        let parent = self.connection.query_tree(window)?.reply()?.parent;
        if parent == self.root { Ok(window) } else { self.frame(parent) }
    }

    /// Brings a window to the front.
    ///
    /// # Errors
    /// Where the server is gone.
    pub fn activate(&self, window: &Window) -> Result<()> {
        let message = ClientMessageEvent::new(32, window.id, self.atoms.activate, [2, 0, 0, 0, 0]);
        let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        Ok(self.connection.send_event(false, self.root, mask, message)?.check()?)
    }

    /// Waits until the screen does not change any more; the whole screen.
    ///
    /// # Errors
    /// Where it always does.
    pub fn wait_until_still(&self) -> Result<Picture> {
        until("the screen is still", || {
            let before = self.area(self.root)?;
            std::thread::sleep(STILL);
            Ok((self.area(self.root)? == before).then_some(before))
        })
    }

    /// What the screen shows where a window is, as far as that is on the screen.
    fn area(&self, window: Id) -> Result<Picture> {
        let of = |id: Id| -> Result<_> { Ok(self.connection.get_geometry(id)?.reply()?) };
        let (screen, size) = (of(self.root)?, of(window)?);
        let at = self.connection.translate_coordinates(window, self.root, 0, 0)?.reply()?;
        let part = |at: i16, size: u16, most: u16| -> Result<(i16, u16)> {
            let (begin, end) = (i32::from(at).max(0), (i32::from(at) + i32::from(size)).min(most.into()));
            ensure!(begin < end, "the window is not on the screen");
            Ok((i16::try_from(begin)?, u16::try_from(end - begin)?))
        };
        let ((x, width), (y, height)) =
            (part(at.dst_x, size.width, screen.width)?, part(at.dst_y, size.height, screen.height)?);
        let image = self.connection.get_image(ImageFormat::Z_PIXMAP, self.root, x, y, width, height, !0)?;
        Picture::from_server(width, height, &image.reply()?.data)
    }

    /// The windows of programs that are shown.
    fn windows(&self) -> Result<Vec<Window>> {
        let mut found = Vec::new();
        for id in self.connection.query_tree(self.root)?.reply()?.children {
            self.collect(id, &mut found);
        }
        Ok(found)
    }

    /// Adds the windows of programs below and at one. A window that goes meanwhile is none.
    fn collect(&self, id: Id, found: &mut Vec<Window>) {
        let name = self.property(id, self.atoms.name);
        let process = self.property(id, self.atoms.process).and_then(|bytes| bytes.try_into().ok());
        let shown = || {
            let attributes = self.connection.get_window_attributes(id).ok()?.reply().ok()?;
            (attributes.map_state == MapState::VIEWABLE).then_some(())
        };
        if let (Some(name), Some(process), Some(())) = (name, process, shown()) {
            let title = String::from_utf8_lossy(&name).into_owned();
            found.push(Window { id, title, process: u32::from_ne_bytes(process) });
            return;
        }
        let tree = self.connection.query_tree(id).ok().and_then(|tree| tree.reply().ok());
        for child in tree.into_iter().flat_map(|tree| tree.children) {
            self.collect(child, found);
        }
    }

    /// What a window has under a name, unless that is nothing.
    fn property(&self, window: Id, name: Atom) -> Option<Vec<u8>> {
        let asked = self.connection.get_property(false, window, name, AtomEnum::ANY, 0, 256).ok()?;
        let value = asked.reply().ok()?.value;
        (!value.is_empty()).then_some(value)
    }
}

/// Looks again and again until there is something.
fn until<T>(what: &str, look: impl Fn() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        match look()? {
            Some(found) => return Ok(found),
            None if Instant::now() > end => bail!("it was not so after {PATIENCE:?} that {what}"),
            None => std::thread::sleep(PAUSE),
        }
    }
}

impl Window {
    /// The folders of /Programs from which its process has loaded libraries of a program.
    ///
    /// # Errors
    /// Where the process is gone.
    pub fn loaded(&self, chamber: &Chamber, program: &str) -> Result<Vec<String>> {
        let maps = chamber.read(format!("/proc/{}/maps", self.process))?;
        let begin = format!("/Programs/{program}/");
        let versions = maps.lines().filter_map(|line| {
            let (_, rest) = line.split_once(&begin)?;
            let (version, file) = rest.split_once('/')?;
            file.contains(".so").then(|| format!("{begin}{version}"))
        });
        let mut versions: Vec<String> = versions.collect();
        versions.sort();
        versions.dedup();
        ensure!(!versions.is_empty(), "{} has loaded nothing of {program}", self.title);
        Ok(versions)
    }
}
