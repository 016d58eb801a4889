#!/bin/sh
# SPDX-License-Identifier: MIT
# make-certs.sh DIR [NAME...]: a throw-away authority and a server certificate
# for localhost, 127.0.0.1, api.telegram.test and NAME...
#
# DIR/ca.pem, DIR/ca.key      the authority
# DIR/server.pem, server.key  the server's chain and key
# DIR/hashed/                 the authority as a hashed directory
# DIR/empty/                  a hashed directory that trusts nobody
set -eu

[ $# -ge 1 ] || { echo "usage: make-certs.sh DIR [NAME...]" >&2; exit 64; }
dir=$1
shift
mkdir -p "$dir/hashed" "$dir/empty"
umask 077

names=DNS:localhost,IP:127.0.0.1,DNS:api.telegram.test
for name; do names=$names,DNS:$name; done

quiet() {
	"$@" 2>"$dir/openssl.log" || { cat "$dir/openssl.log" >&2; exit 1; }
}
quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-days 30 -subj '/CN=test authority' -keyout "$dir/ca.key" \
	-out "$dir/ca.pem" -addext 'basicConstraints=critical,CA:true'
quiet openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-subj '/CN=localhost' -keyout "$dir/server.key" -out "$dir/server.csr"
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$names" \
	>"$dir/server.ext"
quiet openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" \
	-CAkey "$dir/ca.key" -CAcreateserial -days 30 \
	-extfile "$dir/server.ext" -out "$dir/server.pem"
cat "$dir/ca.pem" >>"$dir/server.pem"
cp "$dir/ca.pem" "$dir/hashed/ca.pem"
quiet openssl rehash "$dir/hashed"
rm -f "$dir/server.csr" "$dir/server.ext" "$dir/ca.srl" "$dir/openssl.log"
