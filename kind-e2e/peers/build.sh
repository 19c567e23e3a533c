#!/usr/bin/env bash
# Builds the pinned servers and clients that the cluster tests run against. Needs Go, a C compiler for runc and, the
# first time, the network.
#
#   kind-e2e/peers/build.sh [NAME...]     all of them without a name
#
# They go to $COUNTERSIGN_PEERS, else countersign/peers in the user's cache folder, which is also the last line printed.
# Exits 2 if asked for an unknown name or if Go is missing, 1 if a build fails.
#
# To add a tool: a row below and, unless a folder has its module already, a folder named after what it builds. In it, a
# go.mod whose first requirement is the tool's module at its version, a tools.go that imports the command, `go mod tidy`.
set -euo pipefail

# The version that Kubernetes reports: without it, Helm and others refuse the server.
kubernetes='k8s.io/component-base/version.gitVersion={version} k8s.io/component-base/version.gitMajor={major}
  k8s.io/component-base/version.gitMinor={minor} k8s.io/client-go/pkg/version.gitVersion={version}'

# Name of the binary, folder with its go.mod, package, CGO_ENABLED=1 if it has C in it, variables to set in it.
tools=(
  "crane              go-containerregistry github.com/google/go-containerregistry/cmd/crane github.com/google/go-containerregistry/cmd/crane/cmd.Version={version}"
  "refregistry        go-containerregistry ."
  "registry           registry             github.com/distribution/distribution/v3/cmd/registry github.com/distribution/distribution/v3/version.version={version}"
  "cosign3            cosign3              github.com/sigstore/cosign/v3/cmd/cosign sigs.k8s.io/release-utils/version.gitVersion={version}"
  "cosign2            cosign2              github.com/sigstore/cosign/v2/cmd/cosign sigs.k8s.io/release-utils/version.gitVersion={version}"
  "etcd               etcd                 go.etcd.io/etcd/server/v3"
  "kube-apiserver     kubernetes           k8s.io/kubernetes/cmd/kube-apiserver $kubernetes"
  "kubectl            kubernetes           k8s.io/kubernetes/cmd/kubectl $kubernetes"
  "helm               helm                 helm.sh/helm/v4/cmd/helm helm.sh/helm/v4/internal/version.version={version}"
  "fulcio             fulcio               github.com/sigstore/fulcio sigs.k8s.io/release-utils/version.gitVersion={version}"
  "rekor-server-posix rekor-server-posix   github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix sigs.k8s.io/release-utils/version.gitVersion={version}"
  "timestamp-server   timestamp-server     ."
  "opa                opa                  github.com/open-policy-agent/opa github.com/open-policy-agent/opa/version.Version={version}"
  "buildkitd          buildkit             github.com/moby/buildkit/cmd/buildkitd github.com/moby/buildkit/version.Version={version}"
  "buildctl           buildkit             github.com/moby/buildkit/cmd/buildctl github.com/moby/buildkit/version.Version={version}"
  "runc               runc                 github.com/opencontainers/runc CGO_ENABLED=1"
)

# Whatever the caller has set, the same is built. No VCS stamp: a commit of ours is no change of a peer.
export GOTOOLCHAIN=local GOWORK=off GOFLAGS='-mod=readonly -buildvcs=false'

recipes=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers=${COUNTERSIGN_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/countersign/peers}
mkdir -p "$peers/.stamps"
peers=$(cd "$peers" && pwd)
work=$(mktemp -d "$peers/.build.XXXXXX") # beside the result, so that the move below is a rename
trap 'rm -rf "$work"' EXIT

build() { # name folder package [CGO_ENABLED=1] variable=value...
  local name=$1 folder=$recipes/$2 package=$3 version major minor variable flags='-s -w' recipe started=$SECONDS
  local -x CGO_ENABLED=0
  shift 3
  if [ "${1-}" = CGO_ENABLED=1 ]; then
    CGO_ENABLED=1
    shift
  fi
  version=$(awk '$1 == "require" && $2 != "(" {print $3; exit}' "$folder/go.mod")
  IFS=. read -r major minor _ <<< "${version#v}"
  for variable; do
    variable=${variable//'{version}'/$version} variable=${variable//'{major}'/$major}
    flags+=" -X ${variable//'{minor}'/$minor}"
  done
  printf '%-24s%-9s ' "$name" "$version"

  local command=(go build -trimpath -ldflags "$flags")
  recipe=$(echo "${command[@]}" "$package" "$GOFLAGS" "$CGO_ENABLED" | cat - "$folder"/* | sha256sum)
  if [ -x "$peers/$name" ] && [ "$(cat "$peers/.stamps/$name" 2>/dev/null)" = "$recipe" ]; then
    echo cached
    return
  fi
  if ! command -v go > /dev/null; then
    echo 'not built'
    echo "go is not on the PATH: install Go $(awk '$1 == "go" {print $2}' "$folder/go.mod") or newer to build $name" >&2
    exit 2
  fi
  if ! (cd "$folder" && "${command[@]}" -o "$work/$name" "$package") 2> "$work/log"; then
    echo failed
    grep -v '^go: downloading ' "$work/log" >&2 || true
    exit 1
  fi
  mv "$work/$name" "$peers/$name"
  echo "$recipe" > "$peers/.stamps/$name" # last: a stamp without its binary would pass an old one off as new
  echo "built in $((SECONDS - started))s"
}

for name; do
  [[ " ${tools[*]%% *} " == *" $name "* ]] || { echo "unknown: $name, one of: ${tools[*]%% *}" >&2; exit 2; }
done
for row in "${tools[@]}"; do
  read -r -d '' -a fields <<< "$row" || true # until the end, not of the line: a row may have several
  if [ $# = 0 ] || [[ " $* " == *" ${fields[0]} "* ]]; then
    build "${fields[@]}"
  fi
done
echo "$peers"
