//! scp, sftp and rsync bring every byte and not one more: without a view, with one, and where it fails.

use crate::site::lab;
use anyhow::Result;
use gobo_tests::chamber::Ssh;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;

/// Whose session has no view, one with libraries of its own, and one that cannot be set up.
const USERS: [&str; 3] = ["carl", "bob", "dora"];

#[test]
fn scp_sftp_and_rsync_are_byte_equal_without_a_view_with_one_and_with_a_failing_one() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let ssh = lab.chamber.start_sshd(&USERS)?;
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    lab.chamber.write("/run/original", &bytes)?;
    for user in USERS {
        let mark = lab.chamber.log_mark()?;
        there_and_back(&lab, &ssh, user, &bytes)?;
        let failed = lab.said(mark)?.iter().filter(|line| line.starts_with("err: no view")).count();
        // scp twice each way, sftp once, rsync each way, and a pipe.
        assert_eq!(failed, if user == "dora" { 8 } else { 0 }, "{user}");
    }
    Ok(())
}

fn there_and_back(lab: &Lab, ssh: &Ssh<'_>, user: &str, bytes: &[u8]) -> Result<()> {
    let (config, host) = (ssh.config(), ssh.host(user));
    let there = format!("{host}:there");
    let (by_ssh, original, back) = (format!("ssh -F {config}"), "/run/original", "/run/back");
    let ways: [(&str, &[&str]); 3] = [
        ("scp by the old protocol", &["scp", "-O", "-q", "-F", &config]),
        ("scp by sftp", &["scp", "-q", "-F", &config]),
        ("rsync", &["rsync", "--quiet", "--ignore-times", "-e", &by_ssh]),
    ];
    for (way, words) in ways {
        for (from, to) in [(original, there.as_str()), (there.as_str(), back)] {
            let output = lab.chamber.run(words.iter().copied().chain([from, to]))?.success()?;
            assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{user}, {way}: {output}");
        }
        assert!(lab.chamber.read_bytes(back)? == bytes, "{user}, {way}: not the same bytes");
        assert!(
            lab.chamber.read_bytes(format!("/Users/{user}/there"))? == bytes,
            "{user}, {way}: not the same there"
        );
        lab.chamber.remove(back)?;
    }
    let batch = "put /run/original by-sftp\nget by-sftp /run/back\n";
    let sftp =
        lab.chamber.command(["sftp", "-q", "-b", "-", "-F", &config, &host]).input(batch).run()?.success()?;
    assert!(sftp.stderr.is_empty(), "{user}, sftp: {sftp}");
    assert!(lab.chamber.read_bytes(back)? == bytes, "{user}, sftp: not the same bytes");
    let raw = ssh.command(user, "cat").input(bytes.to_vec()).run()?.success()?;
    assert!(raw.stdout == bytes && raw.stderr.is_empty(), "{user}, a pipe: {} bytes", raw.stdout.len());
    Ok(())
}
