#!/bin/sh
# Prints the path of a Python that easy_esmm can be installed with; exit status 2 and one line on
# stderr where there is none.
#
# $PYTHON, a name or a path, is taken or refused, nothing else is tried. Without it: python3.11,
# 3.10, 3.9, python3 and python in every folder of PATH, then the versions that pyenv keeps outside
# PATH. Each is run to be believed: pyenv's shims exist for versions that do not work, and Debian
# ships Pythons without venv.
set -u

probe='
import sys
try:
    import ensurepip, venv
    lack = ""
except ImportError:
    lack = " without venv"
version = sys.version_info[:2]
is_suitable = (3, 9) <= version <= (3, 11) and not lack
print(sys.executable if is_suitable else "no %d.%d" % version + lack)
'
found=

# Prints the path and ends the script where the candidate $1 will do, else notes what it was.
try() {
    answer=$("$1" -c "$probe" 2>/dev/null) || return 0
    case $answer in
    "no "*)
        case ", $found, " in
        *", ${answer#no }, "*) ;;
        *) found=${found:+$found, }${answer#no } ;;
        esac
        ;;
    ?*)
        echo "$answer"
        exit 0
        ;;
    esac
}

if [ -n "${PYTHON:-}" ]; then
    try "$PYTHON"
else
    for name in python3.11 python3.10 python3.9 python3 python; do
        IFS=:
        for folder in $PATH; do
            try "$folder/$name"
        done
        unset IFS
    done
    for minor in 11 10 9; do
        for path in "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/3.$minor".*/bin/python; do
            try "$path"
        done
    done
fi
echo "easy_esmm needs Python 3.9, 3.10 or 3.11 with venv; found${PYTHON:+ at PYTHON=$PYTHON}:" \
    "${found:-none}; set PYTHON=/path/to/python3.11" >&2
exit 2
