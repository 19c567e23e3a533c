#!/usr/bin/env bash
# The story of an image, from unsigned to admitted, with the real binaries on loopback.
#
#   make demo        or        BIN=target/release tests/demo.sh
#
# Starts a registry and the webhook, plays an API server by posting reviews over TLS, and exits non-zero when a
# verdict differs from the story. Needs curl.
set -euo pipefail
BIN=$(cd "${BIN:-target/debug}" && pwd)
SAMPLES=$(cd "$(dirname "$0")/fixtures/demo" && pwd)
for binary in countersign countersign-webhook countersign-certs testkit-registry; do
    [ -x "$BIN/$binary" ] || { echo "missing: $BIN/$binary (make demo builds it)"; exit 2; }
done
command -v curl > /dev/null || { echo "missing: curl"; exit 2; }

PATH=$BIN:$PATH
WORK=$(mktemp -d)
cd "$WORK"
pids=()
finish() {
    kill "${pids[@]}" 2> /dev/null || true
    wait 2> /dev/null || true
    rm -rf "$WORK"
}
trap finish EXIT
export COUNTERSIGN_PASSWORD=correct-horse HOME=$WORK
unset COSIGN_PASSWORD DOCKER_CONFIG

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi
chapter() { printf '\n%s── %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '   %s\n' "$*"; }
fail() {
    printf '\nTHE STORY DIFFERS: %s\n' "$*"
    exit 1
}

# run EXIT COMMAND… shows the command and what it prints, and holds it to its exit code.
run() {
    local wanted=$1 got=0
    shift
    printf '   %s$ %s%s\n' "$bold" "$*" "$plain"
    "$@" > output 2>&1 || got=$?
    sed 's/^/     /' output
    [ "$got" = "$wanted" ] || fail "exit code $got, wanted $wanted: $*"
}

# push REPOSITORY:TAG TEXT puts an image with one file on the registry and prints its digest.
push() {
    local repository=${1%:*} tag=${1##*:} digest size config layer
    upload() {
        digest=sha256:$(sha256sum "$1" | cut -d' ' -f1)
        curl -sf -o /dev/null -X POST -H 'Content-Type: application/octet-stream' --data-binary "@$1" \
            "http://$REGISTRY/v2/$repository/blobs/uploads/?digest=$digest"
        size=$(stat -c %s "$1")
    }
    printf '%s' "$2" > layer
    upload layer
    layer="{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"$digest\",\"size\":$size}"
    printf '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["%s"]}}' "$digest" > config
    upload config
    config="{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"$digest\",\"size\":$size}"
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' \
        "$config" "$layer" > manifest
    put_manifest "$repository" "$tag" manifest
    echo "sha256:$(sha256sum manifest | cut -d' ' -f1)"
}

put_manifest() {
    curl -sf -o /dev/null -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
        --data-binary "@$3" "http://$REGISTRY/v2/$1/manifests/$2"
}

# ask ENDPOINT IMAGE posts the review of a pod that runs IMAGE; the answer is in the file answer.
ask() {
    cat > review.json <<REVIEW
{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
  "uid": "00000000-0000-4000-8000-000000000001", "operation": "CREATE", "namespace": "shop", "name": "api",
  "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
  "userInfo": {"username": "dev", "groups": ["developers"]}, "dryRun": false,
  "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "api", "namespace": "shop"},
             "spec": {"containers": [{"name": "api", "image": "$2"}]}}}}
REVIEW
    curl -sf --cacert tls/ca.crt -H 'Content-Type: application/json' --data @review.json \
        "https://$WEBHOOK/$1?timeout=10s" > answer
}

text_of() { sed -n "s/.*\"$1\":\"\(\([^\"\\\\]\|\\\\.\)*\)\".*/\1/p" answer; }

# denied CODE asks for the pod and wants it refused, with CODE in the message.
denied() {
    say "A pod wants to run $REGISTRY/shop/api:1.0."
    ask validate "$REGISTRY/shop/api:1.0"
    grep -q '"allowed":false' answer || fail "admitted, wanted a denial for $1: $(cat answer)"
    printf '   %sDENIED%s\n' "$bold" "$plain"
    printf '%b\n' "$(text_of message)" | sed 's/^/     │ /'
    grep -q -- "$1" answer || fail "the denial does not name $1"
}

admitted() {
    say "A pod wants to run $REGISTRY/shop/api:1.0."
    ask validate "$REGISTRY/shop/api:1.0"
    grep -q '"allowed":true' answer || fail "denied, wanted it admitted: $(printf '%b' "$(text_of message)")"
    printf '   %sADMITTED%s\n' "$bold" "$plain"
    say "The audit log of the API server will say:"
    sed 's/.*"auditAnnotations":{//; s/}"}.*/}/; s/\\"/"/g; s/"image.0":"{/"image.0":\n{/; s/,"/\n"/g' answer | tr -d '{}"' |
        sed 's/:/: /; /^image.0/,$ { /^image.0/! s/^/  / }' | sed 's/^/     │ /; s/ $//'
    echo
}

publish() { # KEY DIGEST: signs and attests an image by its digest
    run 0 countersign sign --key "$1.key" --plain-http "$REGISTRY" "$REGISTRY/shop/api@$2"
    run 0 countersign attest --key "$1.key" --type slsaprovenance1 --predicate provenance.json \
        --plain-http "$REGISTRY" "$REGISTRY/shop/api@$2"
    run 0 countersign attest --key "$1.key" --type spdxjson --predicate sbom.spdx.json \
        --plain-http "$REGISTRY" "$REGISTRY/shop/api@$2"
}

chapter "A registry, a key, a policy, a certificate, the webhook"
testkit-registry --listen 127.0.0.1:0 > registry.log 2>&1 &
registry=$!
pids+=($registry)
for _ in $(seq 100); do grep -q 'listening on' registry.log && break; sleep 0.05; done
REGISTRY=$(sed -n 's/.*listening on //p' registry.log | head -1)
say "The registry listens on $REGISTRY."
run 0 countersign keygen --output-key-prefix release
mkdir policies
cp "$SAMPLES/provenance.json" "$SAMPLES/sbom.spdx.json" .
sed "s|REGISTRY|$REGISTRY|; /RELEASE_KEY/{
    r release.pub
    d
}" "$SAMPLES/policy.yaml" | awk '/BEGIN PUBLIC KEY/{key=1} {print (key ? "          " : "") $0} /END PUBLIC KEY/{key=0}' \
    > policies/production.yaml
say "policies/production.yaml:"
sed "s/^/     $dim│$plain /" policies/production.yaml
run 0 countersign-certs issue --out tls --dns countersign.countersign.svc --ip 127.0.0.1
say "$bold\$ countersign-webhook serve --policies policies --tls-cert tls/tls.crt --tls-key tls/tls.key …$plain"
countersign-webhook serve --policies policies --tls-cert tls/tls.crt --tls-key tls/tls.key \
    --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 --plain-http "$REGISTRY" > webhook.log 2>&1 &
pids+=($!)
address() { sed -n "s/.*\"$1\":\"\([0-9.:]*\)\".*/\1/p" webhook.log | head -1; }
for _ in $(seq 200); do
    METRICS=$(address metrics_listen)
    [ -n "$METRICS" ] && curl -sf -o /dev/null "http://$METRICS/readyz" && break
    sleep 0.02
done
WEBHOOK=$(address listen)
[ -n "$WEBHOOK" ] || fail "the webhook did not start: $(cat webhook.log)"
say "Ready on $WEBHOOK."

chapter "1. An image that nobody signed"
first=$(push shop/api:1.0 'the first build')
say "Pushed $REGISTRY/shop/api:1.0 = $first"
denied signature/signed

chapter "2. CI signs it, says how it was built and what is in it"
publish release "$first"

chapter "3. The same pod again"
admitted
say "In a cluster /mutate has pinned the tag to the digest that was judged:"
ask mutate "$REGISTRY/shop/api:1.0"
text_of patch | base64 -d | sed 's/^/     │ /'
echo
text_of patch | base64 -d | grep -q "$REGISTRY/shop/api:1.0@$first" || fail "the tag is not pinned to $first"

chapter "4. CI can ask before the cluster does"
cat > pod.yaml <<POD
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {containers: [{name: api, image: "$REGISTRY/shop/api:1.0"}]}
POD
run 0 countersign check -f pod.yaml --policies policies --plain-http "$REGISTRY"

chapter "5. Somebody moves the tag to other content"
second=$(push shop/api:1.0 'something else')
say "$REGISTRY/shop/api:1.0 is now $second"
denied signature/signed
run 1 countersign check -f pod.yaml --policies policies --plain-http "$REGISTRY"
grep -q signature/signed output || fail "check does not give the webhook's code"

chapter "6. … and signs and attests it with a key that nobody trusts"
run 0 countersign keygen --output-key-prefix stranger
publish stranger "$second"
denied 'another key'

chapter "7. A good build, but its SBOM is that of another image"
third=$(push shop/api:1.0 'the third build')
run 0 countersign sign --key release.key --plain-http "$REGISTRY" "$REGISTRY/shop/api@$third"
run 0 countersign attest --key release.key --type slsaprovenance1 --predicate provenance.json \
    --plain-http "$REGISTRY" "$REGISTRY/shop/api@$third"
curl -sf "http://$REGISTRY/v2/shop/api/referrers/$first" | grep -o '"digest":"[^"]*"' | cut -d'"' -f4 > attached
while read -r digest; do
    curl -sf "http://$REGISTRY/v2/shop/api/manifests/$digest" > borrowed
    if grep -q spdx.dev borrowed; then
        sed "s/$first/$third/" borrowed > forged
        put_manifest shop/api "sha256:$(sha256sum forged | cut -d' ' -f1)" forged
        say "Attached the SBOM of $first to $third."
    fi
done < attached
denied sbom/required
grep -q "$first" answer || fail "the denial does not say whose SBOM it is"

chapter "8. The registry stops"
kill $registry
wait $registry 2> /dev/null || true
denied 'could not look'
if grep -qiE 'unsigned|no signature' answer; then fail "what could not be seen was called unsigned"; fi
run 3 countersign check -f pod.yaml --policies policies --plain-http "$REGISTRY"

chapter "Every verdict was as the story wants it."
