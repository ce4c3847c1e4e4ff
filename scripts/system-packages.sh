#!/bin/sh
# Install Debian packages that are missing, as root or by sudo; else say what to do and fail.
# No server that comes with them is started.
# Usage: system-packages.sh PACKAGE...
set -eu

present() {
    case $1 in
        chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
        default-jre-headless) command -v java ;;
        nginx | redis-server) command -v "$1" || test -x "/usr/sbin/$1" ;;
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
# Debian starts a server when it is installed, unless this file says that it may not (101).
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$sudo rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
    $sudo chmod 755 $policy
fi
$sudo apt-get update -qq
# shellcheck disable=SC2086 - a list of names
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
