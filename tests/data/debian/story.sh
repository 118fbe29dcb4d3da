#!/bin/bash
# The story of a package on a Debian machine, from its installation to its purge, as a user sees it who logs in over ssh.
#
#     story.sh OLD.deb NEW.deb SSH-CONFIGURATION
set -euo pipefail
old=$1 new=$2 to=(ssh -F "$3" visitor@chamber)

step() { echo "## $*"; }

# What dpkg says, but for its database's and other packages' lines.
said() { grep -v -e '^(Reading' -e '^Processing triggers'; }

# What must be at the end as it was at the start: which files there are, what is in those of /etc, packages and mounts.
state() {
    find / -xdev \( -path /tmp -o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg \) -prune -o -print | sort
    find /run | sort
    find /etc -type f ! -name ld.so.cache -exec sha256sum {} + | sort
    dpkg-query -W
    awk '{ print $5, $NF }' /proc/self/mountinfo | sort
}

# What a new login of the user sees, and how many mounts of a view it has.
login() { "${to[@]}" bash --login <<< 'exec 2>&1; hello; grep -c gobo-session: /proc/self/mountinfo || true'; }

login > /dev/null
state > /tmp/before

step install
dpkg -i "$old" 2>&1 | said
! grep -l pam_gobo /etc/pam.d/* || { echo 'a stack was changed'; exit 1; }
login

step the tree beside
gobo-session setup --apply tree 2>&1
login

step turn on
pam-auth-update --enable gobo-session
grep -h pam_gobo /etc/pam.d/common-session | tr -s '\t ' ' ' | sed 's/ $//'
cat > /etc/gobo-session/profiles.d/course.toml <<'TOML'
programs = ["Hello = 1.0"]
TOML
cat >> /etc/gobo-session/session.toml <<'TOML'
[[rule]]
user = ["visitor"]
profile = "course"
TOML
login

step a session that lasts
mkfifo -m 666 /tmp/go /tmp/told
"${to[@]}" bash --login <<< 'hello > /tmp/told; read line < /tmp/go; { hello; greet; } > /tmp/told; exit 7' &
session=$!
cat /tmp/told

step upgrade under it
dpkg -i "$new" 2>&1 | said
echo > /tmp/go
cat /tmp/told
wait $session || echo "it ended with $?"
grep -c visitor /etc/gobo-session/session.toml
login

step turn off
pam-auth-update --disable gobo-session
! grep -l pam_gobo /etc/pam.d/*
login
gobo-session setup --remove tree 2>&1
login

step purge
dpkg --purge gobo-session 2>&1 | said
rm -f /etc/gobo-session/profiles.d/course.toml
rmdir /etc/gobo-session/profiles.d /etc/gobo-session 2> /dev/null || true
state > /tmp/after
diff /tmp/before /tmp/after && echo 'all is as it was'
