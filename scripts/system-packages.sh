#!/bin/sh
# Install Debian packages that are missing, as root or by sudo; else say what to do and fail.
# Usage: system-packages.sh PACKAGE...
set -eu

present() {
    case $1 in
        chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
        *) dpkg-query --show --showformat='${Status}' "$1" | grep 'ok installed' ;;
    esac >/dev/null 2>&1
}

missing=
for package; do
    present "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo=sudo
else
    echo "These packages are missing:$missing. Install them, then try again:" >&2
    echo "  sudo apt-get update && sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing:$missing"
$sudo apt-get update -qq
# shellcheck disable=SC2086 - a list of names
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
