#!/bin/sh
# Prints the path of a Python that easy_esmm can be installed with: of all that are found the newest
# supported one. Exit status 2 and one line on stderr where there is none.
#
#   find_python.sh [MINOR...]    `11 10 9`: only Python 3.11, 3.10 and 3.9 will do
#
# $PYTHON, a name or a path, is taken or refused, no other version is tried. Without it: python3.13
# to 3.9, python3 and python in every folder of PATH, then the versions that pyenv keeps outside
# PATH; of two with one version the first. Each is run to be believed: pyenv's shims exist for
# versions that do not work, and Debian ships Pythons without venv.
set -u

minors=${*:-13 12 11 10 9} # newest first
wanted='3.9 to 3.13'
if [ $# -gt 0 ]; then
    wanted=3.$1
    shift
    for minor in "$@"; do wanted="$wanted or 3.$minor"; done
fi
probe='
import sys
try:
    import ensurepip, venv
    lack = ""
except ImportError:
    lack = " without venv"
version = "%d.%d" % sys.version_info[:2]
print("no " + version + lack if lack else version + " " + sys.executable)
'
best=0
path=
found=

# Keeps the candidate $1 where it is newer than the best so far; notes what it was where it will not
# do.
try() {
    answer=$("$1" -c "$probe" 2>/dev/null) || return 0
    [ -n "$answer" ] || return 0
    version=${answer%% *}
    minor=${version#3.}
    case " $minors " in
    *" $minor "*)
        if [ "$minor" -gt "$best" ]; then
            best=$minor
            path=${answer#* }
        fi
        ;;
    *)
        [ "$version" = no ] && version=${answer#no }
        case ", $found, " in
        *", $version, "*) ;;
        *) found=${found:+$found, }$version ;;
        esac
        ;;
    esac
}

# Tries the Pythons of version 3.$1 that pyenv keeps.
try_pyenv() {
    for candidate in "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/3.$1".*/bin/python; do
        if [ -x "$candidate" ]; then try "$candidate"; fi
    done
}

if [ -n "${PYTHON:-}" ]; then
    try "$PYTHON"
    case $PYTHON in
    python3.*) [ -n "$path" ] || try_pyenv "${PYTHON#python3.}" ;;
    esac
else
    IFS=:
    for folder in $PATH; do
        unset IFS
        for name in $(printf 'python3.%s ' $minors) python3 python; do
            if [ -x "$folder/$name" ]; then try "$folder/$name"; fi
        done
    done
    unset IFS
    for minor in $minors; do try_pyenv "$minor"; done
fi
if [ -n "$path" ]; then
    echo "$path"
    exit 0
fi
echo "easy_esmm needs Python $wanted with venv; found${PYTHON:+ at PYTHON=$PYTHON}:" \
    "${found:-none}; set PYTHON=/path/to/python3.${minors%% *}" >&2
exit 2
