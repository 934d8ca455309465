#!/bin/sh
# Sees to system packages: installs what is missing when root on a Debian-like system, else says with which command.
set -eu
missing=""
have_library() { (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) | grep -q "$1"; }
for package in "$@"; do
    case $package in
        libegl1) have_library 'libEGL\.so\.1' || missing="$missing $package" ;;
        libgl1-mesa-dri) ls /usr/lib/*/dri/swrast_dri.so /usr/lib/*/libgallium-*.so /usr/lib64/dri/swrast_dri.so >/dev/null 2>&1 \
            || find /usr/lib /usr/lib64 \( -name 'swrast_dri.so' -o -name 'libgallium*.so' \) 2>/dev/null | grep -q . \
            || missing="$missing $package" ;;
        chromium) command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 \
            || command -v google-chrome >/dev/null 2>&1 || missing="$missing $package" ;;
        ffmpeg) command -v ffmpeg >/dev/null 2>&1 || missing="$missing $package" ;;
        python3-venv) missing="$missing $package" ;;
    esac
done
[ -z "$missing" ] && exit 0
[ "$(uname -s)" = Linux ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing system packages:$missing"
    apt-get update -qq >/dev/null 2>&1 || true
    # shellcheck disable=SC2086
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; then exit 0; fi
    echo "error: these system packages could not be installed:$missing" >&2
else
    echo "error: these system packages are missing:$missing" >&2
fi
echo "  install them with: sudo apt-get install -y$missing" >&2
exit 1
