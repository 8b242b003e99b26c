#!/usr/bin/env bash
# Provides what the system tests need. Installs Debian packages, and fetches into a cache directory, without
# installing them, what real guests are made of: the kernel of Debian's cloud images, and the QEMU of
# bookworm-backports beside the installed one. Safe to run again: does nothing when all is there.
#
# Cache: $VBUS_GUEST_CACHE, else ${XDG_CACHE_HOME:-~/.cache}/vbus/guests.
#   kernel/   boot/vmlinuz-*, lib/modules/*: linux-image-*-cloud-amd64
#   qemu10/   qemu-system-x86 and the libraries that this machine lacks for it; qemu10/run starts it
set -euo pipefail

packages="iproute2 iputils-ping iperf3 tcpdump binutils
  qemu-system-x86 qemu-utils busybox-static cpio lz4 zstd xz-utils dpdk-dev nftables"
release=bookworm
mirror=http://deb.debian.org/debian
lib=usr/lib/x86_64-linux-gnu
cache=${VBUS_GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vbus/guests}

fail() {
  echo "tests/setup.sh: $1" >&2
  exit 1
}

install_packages() {
  local missing= p sudo=
  for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    sudo=sudo
    command -v sudo >/dev/null || fail "run as root, or install sudo; to be installed:$missing"
  fi
  echo "Installing:$missing"
  $sudo apt-get update -qq || fail "apt-get update failed"
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing >/dev/null || fail "cannot install$missing"
}

# An apt of our own: its sources, lists and downloads are in $work, so that the machine's configuration stays
# as it is and no root is needed. It reads which packages are installed here.
private_apt() {
  work=$(mktemp -d "$cache/work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work"/{etc,none,lists/partial,archives/partial}
  local suite
  for suite in "$release" "$release-updates" "$release-backports"; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
  done >"$work/etc/sources.list"
  cat >"$work/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/etc/sources.list";
Dir::Etc::sourceparts "$work/none";
Dir::Etc::preferences "$work/none/none";
Dir::Etc::preferencesparts "$work/none";
Dir::State "$work";
Dir::State::lists "$work/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$work";
Dir::Cache::archives "$work/archives";
Dir::Log "$work";
APT::Sandbox::User "root";
APT::Get::List-Cleanup "0";
Acquire::Languages "none";
Debug::NoLocking "1";
CONF
  own() { APT_CONFIG="$work/apt.conf" "$@"; }
  own apt-get update -qq >"$work/log" 2>&1 || fail "cannot read $mirror: $(tail -n 1 "$work/log")"
}

# Unpacks the packages that were downloaded to $work/archives and puts them in place as $cache/$1.
unpack() {
  local deb
  mkdir "$work/$1"
  for deb in "$work"/archives/*.deb; do
    dpkg -x "$deb" "$work/$1"
    rm "$deb"
  done
  rm -rf "${cache:?}/$1"
  mv "$work/$1" "$cache/$1"
}

fetch_kernel() {
  echo "Fetching the guests' kernel into $cache"
  local image
  image=$(own apt-cache depends "linux-image-cloud-amd64/$release" | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
  [ -n "$image" ] || fail "$mirror names no kernel of linux-image-cloud-amd64"
  (cd "$work/archives" && own apt-get download -qq "$image/$release" >"$work/log" 2>&1) \
    || fail "cannot download $image: $(tail -n 1 "$work/log")"
  unpack kernel
}

fetch_qemu() {
  echo "Fetching QEMU of $release-backports into $cache"
  own apt-get install -y -qq --download-only --reinstall --no-install-recommends -t "$release-backports" \
    qemu-system-x86 qemu-system-modules-opengl >"$work/log" 2>&1 \
    || fail "cannot download qemu-system-x86: $(tail -n 1 "$work/log")"
  unpack qemu10
  cat >"$cache/qemu10/run" <<RUN
#!/bin/sh
here=\$(dirname "\$0")
export LD_LIBRARY_PATH="\$here/$lib" QEMU_MODULE_DIR="\$here/$lib/qemu"
exec "\$here/usr/bin/qemu-system-x86_64" -L "\$here/usr/share/qemu" -L "\$here/usr/share/seabios" "\$@"
RUN
  chmod +x "$cache/qemu10/run"
}

has_kernel() {
  ls "$cache"/kernel/boot/vmlinuz-* "$cache"/kernel/lib/modules/*/kernel >/dev/null 2>&1
}

has_qemu() {
  "$cache/qemu10/run" -version 2>/dev/null | grep -q 'version 1[0-9]'
}

. /etc/os-release
[ "${VERSION_CODENAME-}" = "$release" ] || fail "this is ${PRETTY_NAME-unknown}; the packages named here are those of Debian 12"
[ "$(dpkg --print-architecture)" = amd64 ] || fail "guests are x86-64, and so must this machine be"
install_packages
if ! has_kernel || ! has_qemu; then
  mkdir -p "$cache" 2>/dev/null || fail "cannot make $cache; VBUS_GUEST_CACHE names another place"
  private_apt
  has_kernel || fetch_kernel
  has_qemu || fetch_qemu
  has_kernel || fail "$cache/kernel holds no kernel after the download"
  has_qemu || fail "$cache/qemu10/run does not run: $("$cache/qemu10/run" -version 2>&1 | tail -n 1)"
fi
