#!/usr/bin/env bash
# Runs the end-to-end stories with the Node that install.sh put beside the editor; installs first when that is missing.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export TESTLSP_E2E_CACHE="${TESTLSP_E2E_CACHE:-$HOME/.cache/testlsp-e2e}"
"$here/install.sh" >&2
exec "$TESTLSP_E2E_CACHE/bin/node" "$here/run.ts" "$@"
