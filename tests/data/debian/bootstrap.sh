#!/bin/bash
# Makes a minimal Debian system by debootstrap, in namespaces of its own, which it is started in.
#
#     bootstrap.sh MIRROR SUITE PACKAGES CACHE MEMORY TO
#
# It is made in MEMORY, an empty folder, where nothing waits for a disk, and copied to the folder TO. Packages are fetched to
# the folder CACHE, from where they are taken where they are what the signed index says.
set -euo pipefail
mirror=$1 suite=$2 packages=$3 cache=$4 memory=$5 to=$6
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

mount -t tmpfs -o mode=755 tmpfs "$memory"
root=$memory/root
mkdir "$root"
debootstrap --foreign --variant=minbase --include="$packages" --cache-dir="$cache" \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$suite" "$root" "$mirror"

# What nobody reads here is not unpacked: that is half of the files.
manner=$root/etc/dpkg/dpkg.cfg.d/manner
mkdir -p "${manner%/*}"
echo force-unsafe-io > "$manner"
for folder in doc locale man; do echo "path-exclude=/usr/share/$folder/*" >> "$manner"; done
chroot "$root" /debootstrap/debootstrap --second-stage
rm "$manner"

echo localhost > "$root/etc/hostname"
echo '127.0.0.1 localhost' > "$root/etc/hosts"
rm -rf "$root"/usr/share/{doc,locale,man}/* "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/log/*.log
cp -a "$root" "$to"
