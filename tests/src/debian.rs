//! A Debian machine on which a tree of /Programs lies beside /usr, in a chamber; and packages of the product for it.
//!
//! The tree has Hello in two versions, of which 2.0 is current: a program, a library, a page for man and a file for pkg-config,
//! each of which tells its version; and Greet, a program that is linked with the library.

use crate::chamber::Chamber;
use crate::lab::built;
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Makes a version of Hello: its folder, and the version.
const HELLO: &str = r#"
set -e
cd "$1"
mkdir -p bin lib/pkgconfig share/man/man1
echo "const char *hello(void) { return \"library $2\"; }" |
    cc -shared -fPIC -Wl,-soname,libhello.so.1 -x c -o lib/libhello.so.1 -
ln -s libhello.so.1 lib/libhello.so
printf '#!/bin/sh\necho Hello %s\n' "$2" > bin/hello
chmod 755 bin/hello
printf 'Name: hello\nDescription: a greeting\nVersion: %s\n' "$2" > lib/pkgconfig/hello.pc
printf '.TH HELLO 1\n.SH NAME\nhello \\- greets, as version %s\n' "$2" > share/man/man1/hello.1
"#;

/// Makes Greet: its folder, and that of a Hello.
const GREET: &str = r#"
set -e
mkdir "$1/bin"
echo 'const char *hello(void); int puts(const char *); int main(void) { return puts(hello()) < 0; }' |
    cc -x c -o "$1/bin/greet" - -L"$2/lib" -lhello
"#;

/// A Debian machine with the tree.
pub struct Debian {
    /// The chamber.
    pub chamber: Chamber,
}

impl Debian {
    /// A machine with a copy of the Debian root, and with a user `visitor`.
    ///
    /// # Errors
    /// Where the tree or the chamber cannot be made.
    pub fn new(root: &Path) -> Result<Self> {
        let [old, new, greet] = [tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?];
        make(HELLO, [old.path(), "1.0".as_ref()])?;
        make(HELLO, [new.path(), "2.0".as_ref()])?;
        make(GREET, [greet.path(), new.path()])?;
        let builder = Chamber::builder(root)
            .program(old.path(), "Hello", "1.0")
            .program(new.path(), "Hello", "2.0")
            .program(greet.path(), "Greet", "1.0");
        let chamber = builder.build()?;
        chamber.run(["useradd", "-m", "-s", "/bin/bash", "visitor"])?.success()?;
        Ok(Self { chamber })
    }

    /// Puts a file of this machine there.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub fn put(&self, file: &Path, to: &str) -> Result<()> {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        self.chamber.write(to, content)
    }

    /// Installs the product by its package.
    ///
    /// # Errors
    /// Where it cannot be made, or dpkg fails.
    pub fn install(&self) -> Result<()> {
        // All tests of a program install the same.
        static PACKAGE: Mutex<Option<Vec<u8>>> = Mutex::new(None);
        let mut made = PACKAGE.lock().unwrap_or_else(PoisonError::into_inner);
        let package = match made.take() {
            Some(package) => package,
            None => fs::read(package("0.1.0", tempfile::tempdir()?.path())?)?,
        };
        self.chamber.write("/tmp/gobo-session.deb", made.insert(package))?;
        drop(made);
        self.chamber.run(["dpkg", "-i", "/tmp/gobo-session.deb"])?.success().map(drop)
    }
}

fn make(script: &str, words: [&Path; 2]) -> Result<()> {
    let mut bash = Command::new("bash");
    let output = bash.args(["-c", script, "make"]).args(words).output().context("bash does not start")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Builds a package of that version of the product as it is tested, in a folder; its file. It has no lines for debuggers, as what
/// users get: to pack those takes longer than all the rest.
///
/// # Errors
/// Where the product or xtask is not built, or fails.
pub fn package(version: &str, folder: &Path) -> Result<PathBuf> {
    let product = tempfile::tempdir()?;
    for file in ["gobo-session", "libpam_gobo.so"] {
        let strip = Command::new("strip")
            .args(["--strip-debug", "-o"])
            .args([product.path().join(file), built(file)?])
            .status();
        ensure!(strip.context("strip does not start")?.success(), "strip {file}");
    }
    let xtask = built("xtask").context("cargo build -p xtask")?;
    let mut command = Command::new(xtask);
    command.arg("deb").args([folder, product.path()]).env("DEB_VERSION", version);
    let output = command.env("SOURCE_DATE_EPOCH", "1700000000").output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(folder.join(format!("gobo-session_{version}_amd64.deb")))
}
