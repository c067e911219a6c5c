#!/usr/bin/env bash
# Makes the secrets and certificates that compose.yaml mounts, once; what is there already is kept. Needs openssl.
set -euo pipefail
umask 077
folder="$(cd "$(dirname "$0")" && pwd)/secrets"
mkdir -p "$folder"
cd "$folder"

random() { openssl rand -base64 64 | tr -d '\n=+/' ; }
once() { [ -s "$1" ] || random >"$1"; }
once database_password
once secret_key
once jwt_signing_key
once simulator_token_key
[ -s database_url ] || printf 'postgresql://tradesim:%s@postgres:5432/tradesim' "$(cat database_password)" >database_url

if [ ! -s ca.pem ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj "/CN=tradesim authority" \
        -keyout ca.key -out ca.pem
fi
leaf() { # name, alternative names
    [ -s "$1.pem" ] && return
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -out "$1.pem" \
        -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$2")
    rm -f "$1.csr"
}
leaf grpc "DNS:journal,DNS:worker,DNS:localhost,IP:127.0.0.1"
leaf edge "DNS:localhost,IP:127.0.0.1"
# The containers run as an ordinary user (10001), who must be able to read what is mounted for them.
chmod 0644 ./*.pem grpc.key edge.key database_password database_url secret_key jwt_signing_key simulator_token_key
chmod 0711 .
echo "secrets are in $folder; keep them out of the repository and of backups that others read"
