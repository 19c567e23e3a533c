# The webhook's image, over the static binaries of `make dist`: nothing else is in it but the public authorities that
# registries' certificates are checked against. Build with `make dist && docker build --tag countersign-webhook .`

FROM debian:13-slim AS authorities
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates

FROM scratch
COPY --from=authorities /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=0555 dist/countersign-webhook /countersign-webhook
WORKDIR /etc/countersign
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/countersign-webhook"]
