#!/bin/sh
# Make a virtual environment; on a bare Debian this needs python3-venv first.
# Usage: make-venv.sh PYTHON FOLDER
set -eu
python=$1 folder=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$python is older than Python 3.11. Set another: make PYTHON=python3.12 ..." >&2
    exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    sh "$(dirname "$0")/system-packages.sh" python3-venv
rm -rf "$folder"
"$python" -m venv "$folder"
