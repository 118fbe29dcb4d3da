//! Slurm: a cluster of one machine, whose step daemon opens a session for a job.

use crate::door::{Door, Killed};
use crate::site::{PATIENCE, Site};
use anyhow::{Result, ensure};
use gobo_tests::lab::Lab;
use std::time::{Duration, Instant};

/// A step of ann's. What the module sets by pam_putenv does not reach it.
pub(crate) const SLURM: Door = Door {
    variables: false,
    ..Door::new("Slurm, a step", "slurm", "slurmstepd", Killed::LiveOn, |site| {
        site.lab
            .chamber
            .command(["srun", "-Q", "-n1", "/run/door/look"])
            .user(&site.lab.chamber.user("ann")?)
            .spawn()
    })
};

const CONFIG: &str = "ClusterName=gobo\nSlurmctldHost=goboroot(127.0.0.1)\nSlurmUser=root\nAuthType=auth/munge\n\
    StateSaveLocation=/var/lib/slurm\nSlurmdSpoolDir=/var/spool/slurmd\nSlurmctldPidFile=/run/slurmctld.pid\n\
    SlurmdPidFile=/run/slurmd.pid\nSlurmctldLogFile=/var/log/slurm/slurmctld.log\n\
    SlurmdLogFile=/var/log/slurm/slurmd.log\nProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\n\
    JobAcctGatherType=jobacct_gather/none\nAccountingStorageType=accounting_storage/none\nSwitchType=switch/none\n\
    MpiDefault=none\nReturnToService=2\nSelectType=select/cons_tres\nUsePAM=1\n\
    NodeName=goboroot NodeAddr=127.0.0.1 CPUs=2 RealMemory=512 State=UNKNOWN\n\
    PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n";

/// What a package's installation would do, and a second address: the resolver takes no names on a machine without one.
const PREPARE: &str = "set -e\n\
    python3 -c \"import fcntl, socket, struct; address = socket.inet_aton('10.0.0.1'); \
    fcntl.ioctl(socket.socket(), 0x8916, struct.pack('16sH2x4s8x', b'lo:1', socket.AF_INET, address))\"\n\
    mkdir -p /var/{lib,log,run}/munge /var/{lib,log}/slurm /var/spool/slurmd\n\
    rm -rf /etc/munge; mkdir -p /etc/munge; head -c 1024 /dev/urandom > /etc/munge/munge.key\n\
    chown -R munge:munge /etc/munge /var/{lib,log,run}/munge\n\
    chmod 400 /etc/munge/munge.key; chmod 700 /etc/munge; chmod 755 /var/run/munge\n\
    setpriv --reuid munge --regid munge --clear-groups munged --syslog\n";

/// A machine with Slurm's daemons.
pub(crate) fn start(lab: &Lab) -> Result<Site<'_>> {
    lab.chamber.remove("/etc/slurm")?;
    lab.chamber.write("/etc/slurm/slurm.conf", CONFIG)?;
    lab.chamber.write("/etc/slurm/cgroup.conf", "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n")?;
    lab.chamber.sh(PREPARE)?.success()?;
    let mut daemons = vec![lab.chamber.spawn(["slurmctld", "-D"])?, lab.chamber.spawn(["slurmd", "-D"])?];
    let until = Instant::now() + PATIENCE;
    loop {
        let state = lab.chamber.run(["sinfo", "-h", "-o", "%t"])?;
        if state.text() == "idle" {
            return Ok(Site { daemons, ..Site::new(lab) });
        }
        for daemon in &mut daemons {
            let status = daemon.status()?;
            ensure!(status.is_none() && Instant::now() < until, "{} ({status:?}), {state}", daemon.name());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
