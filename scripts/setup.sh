# Sourced by scripts/quickstart and scripts/test: a working .venv, the package in it, and what drawing needs.
# Bash 3.2, as macOS has it. One line a step; what tools have to say goes to .venv/setup.log.
# shellcheck shell=bash

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
venv="$repository/.venv"
python="$venv/bin/python"
log="$venv/setup.log"
opengl_packages="libegl1 libgl1 libgl1-mesa-dri"

say() { echo "dicomvtk: $*" >&2; }
fail() { say "$@"; exit 1; }

# prepare [EXTRA]: everything up to an importable package; EXTRA as in pip's .[EXTRA]
prepare() {
    make_venv
    install_package "${1:-}"
    [ "$(uname -s)" != Linux ] || provide_opengl
}

make_venv() {
    if "$python" -c "$new_enough" 2>/dev/null && "$python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    local base
    base="$(find_python)"
    provide_venv_module "$base"
    say "making .venv with Python $("$base" -c 'import platform; print(platform.python_version())')"
    local complaint
    complaint="$("$base" -m venv --clear "$venv" 2>&1)" || fail "cannot make $venv: $(last_line "$complaint")"
}

new_enough='import sys; sys.exit(sys.version_info < (3, 10))'

# The first Python >= 3.10 of $PYTHON, python3 and the versioned names.
find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do
        if "$name" -c "$new_enough" 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    if command -v python3 >/dev/null; then
        fail "needs Python 3.10 or newer, found $(python3 --version 2>&1); install one, or name it: PYTHON=/path/to/python3.12 $0"
    fi
    fail "needs Python 3.10 or newer, found none; install it (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python)"
}

# Debian and Ubuntu keep ensurepip, without which a venv has no pip, in a package of its own.
provide_venv_module() {
    if "$1" -c 'import venv, ensurepip' 2>/dev/null; then
        return
    fi
    local package
    package="$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    apt_install "$package" || apt_install python3-venv || true
    "$1" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$1 cannot make virtual environments; run: $(as_root apt-get install -y python3-venv)"
}

# Skipped while the files that decide what gets installed, and where, are the same as last time.
install_package() {
    local extra="$1"
    local stamp="$venv/installed${extra:+-$extra}" fingerprint
    fingerprint="$repository $(cd "$repository" && cat setup.cfg setup.py pyproject.toml | cksum)"
    if grep -qsxF "$fingerprint" "$stamp" || { [ -z "$extra" ] && grep -qsxF "$fingerprint" "$venv"/installed-*; }; then
        return
    fi
    say "installing dicomvtk${extra:+[$extra]} and what it needs into .venv (about 200 MB to fetch the first time)"
    if ! (cd "$repository" && "$python" -m pip install --quiet --disable-pip-version-check --no-input \
        --editable ".${extra:+[$extra]}") >"$log" 2>&1; then
        fail "pip could not install it: $(last_line "$(grep -oE 'ERROR: .*' "$log" || cat "$log")") (all of it: $log)"
    fi
    echo "$fingerprint" >"$stamp"
}

# VTK brings no OpenGL of its own, and without one it ends the process: find out in a child, again when the system's
# libraries have changed.
provide_opengl() {
    local stamp="$venv/opengl-works"
    if libraries_of_the_system | cmp -s - "$stamp"; then
        return 0
    fi
    if ! can_draw; then
        # shellcheck disable=SC2086 # several words
        apt_install $opengl_packages || true
        if ! can_draw; then
            say "no OpenGL library that works, so nothing can be drawn; run: $(as_root "apt-get install -y $opengl_packages")"
            return 0
        fi
    fi
    libraries_of_the_system >"$stamp"
}

libraries_of_the_system() { { PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true; } | cksum; }

can_draw() {
    local window
    for window in ${DISPLAY:+vtkXOpenGLRenderWindow} vtkEGLRenderWindow vtkOSOpenGLRenderWindow; do
        # The braces take the shell's own word about a killed child away, too.
        if { VTK_DEFAULT_OPENGL_WINDOW=$window "$python" -c "$draw_a_pixel"; } >/dev/null 2>&1; then
            return 0
        fi
    done
    return 1
}

draw_a_pixel='
import sys
import vtkmodules.vtkRenderingOpenGL2
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
window = vtkRenderWindow()
window.SetOffScreenRendering(True)
window.SetSize(8, 8)
renderer = vtkRenderer()
renderer.SetBackground(1, 1, 1)
window.AddRenderer(renderer)
window.Render()
pixel = vtkUnsignedCharArray()
window.GetPixelData(4, 4, 4, 4, 1, pixel, 0)
sys.exit(pixel.GetValue(0) != 255)'

# True where a window can be opened: an X server that answers, or a Mac somebody sits at.
has_display() {
    case "$(uname -s)" in
        Darwin) [ -z "${SSH_CONNECTION:-}" ] ;;
        *) [ -n "${DISPLAY:-}" ] && "$python" -c '
import ctypes, sys
x11 = ctypes.CDLL("libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
sys.exit(not x11.XOpenDisplay(None))' 2>/dev/null ;;
    esac
}

# apt_install PACKAGE...: false where this is not Debian's kind, not root, or the network is away
apt_install() {
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        return 1
    fi
    say "installing $* (apt-get)"
    {
        DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    } >/dev/null 2>&1 </dev/null
}

# The command as somebody who is not root types it.
as_root() {
    if [ "$(id -u)" = 0 ]; then echo "$*"; else echo "sudo $*"; fi
}

last_line() { printf '%s\n' "$1" | grep -v '^[[:space:]]*$' | tail -n 1; }
