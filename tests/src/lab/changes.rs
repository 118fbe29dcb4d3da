//! Changes of a machine that whoever keeps a view has to notice.

/// The folder of the version that the view is of.
const VERSION: &str = "/Programs/Lua/5.1.5";

/// Scripts that each change something that a view of Lua 5.1.5, from the profile `lua51`, is made from: nothing of it leads to
/// another view, or ceases to be root's.
#[must_use]
pub fn of_what_lua51_is_made_from() -> Vec<String> {
    [
        "echo '# a word' >> /etc/gobo-session/profiles.d/lua51.toml",
        "mkdir -p /Programs/Lua/5.1.6/bin",
        "mkdir /Programs/Readline/9.9",
        "ln -sfn 5.3.6 /Programs/Lua/Current && ln -sfn 5.4.4 /Programs/Lua/Current",
        "ln -s /Programs/Lua/5.3.6/bin/lua /System/Index/bin/other",
        "mkdir -p /System/Settings/Scripts && echo 'JPEG: LibJPEG-Turbo' > /System/Settings/Scripts/CompatibilityList",
        &format!("chmod 700 {VERSION} && chmod 755 {VERSION}"),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The same of what only changes by hand: what lies within the version.
#[must_use]
pub fn within_lua51() -> Vec<String> {
    [
        format!("echo '# a word' >> {VERSION}/Resources/Dependencies"),
        format!("echo '# a word' >> {VERSION}/Resources/Environment"),
        format!("echo x > {VERSION}/Resources/UseFlags"),
        format!("chmod 700 {VERSION}/bin && chmod 755 {VERSION}/bin"),
    ]
    .to_vec()
}
