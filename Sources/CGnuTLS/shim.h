// GnuTLS, through which libmicrohttpd speaks TLS: the server's certificate, and what a client shows of its own.
#ifndef MAYFLY_CGnuTLS_SHIM_H
#define MAYFLY_CGnuTLS_SHIM_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

enum { mayfly_tls_chain_length = 8 };

/// A certificate chain and its key. Each connection that was begun with it may use it until it is closed.
struct mayfly_tls_certificate {
    gnutls_pcert_st chain[mayfly_tls_chain_length];
    unsigned int count;
    gnutls_privkey_t key;
};

/// TLS 1.2 and 1.3 with the library's usual choices, without keys and hashes of less than 112 bits.
static inline const char *mayfly_tls_priorities(void) {
    return "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-SHA1:%SERVER_PRECEDENCE:%PROFILE_MEDIUM";
}

static inline void mayfly_tls_certificate_free(struct mayfly_tls_certificate *certificate) {
    for (unsigned int index = 0; index < certificate->count; index += 1) {
        gnutls_pcert_deinit(&certificate->chain[index]);
    }
    if (certificate->key != NULL) { gnutls_privkey_deinit(certificate->key); }
    free(certificate);
}

/// Whether the key is that of the first certificate.
static inline int mayfly_tls_belongs(struct mayfly_tls_certificate *certificate) {
    unsigned char first[64], second[64];
    size_t first_size = sizeof first, second_size = sizeof second;
    gnutls_pubkey_t public_key = NULL;
    int status = gnutls_pubkey_init(&public_key);
    if (status == 0) { status = gnutls_pubkey_import_privkey(public_key, certificate->key, 0, 0); }
    if (status == 0) { status = gnutls_pubkey_get_key_id(public_key, GNUTLS_KEYID_USE_SHA256, first, &first_size); }
    if (status == 0) {
        status = gnutls_pubkey_get_key_id(certificate->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, second, &second_size);
    }
    if (public_key != NULL) { gnutls_pubkey_deinit(public_key); }
    if (status != 0) { return status; }
    return first_size == second_size && memcmp(first, second, first_size) == 0
        ? 0 : GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
}

/// Reads a chain in PEM, leaf first, and its key, in PEM without a passphrase; NULL with the library's error in
/// `status` when it cannot.
static inline struct mayfly_tls_certificate *mayfly_tls_certificate_new(const void *chain, size_t chain_size,
                                                                        const void *key, size_t key_size,
                                                                        int *status) {
    *status = GNUTLS_E_INVALID_REQUEST;
    if (chain_size > 1u << 20 || key_size > 1u << 20) { return NULL; }
    struct mayfly_tls_certificate *certificate = calloc(1, sizeof *certificate);
    *status = GNUTLS_E_MEMORY_ERROR;
    if (certificate == NULL) { return NULL; }
    gnutls_datum_t chain_text = {(unsigned char *) chain, (unsigned int) chain_size};
    gnutls_datum_t key_text = {(unsigned char *) key, (unsigned int) key_size};
    unsigned int count = mayfly_tls_chain_length;
    *status = gnutls_pcert_list_import_x509_raw(
        certificate->chain, &count, &chain_text, GNUTLS_X509_FMT_PEM,
        GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED | GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (*status >= 0) {
        certificate->count = count;
        *status = count == 0 ? GNUTLS_E_NO_CERTIFICATE_FOUND : gnutls_privkey_init(&certificate->key);
    }
    if (*status == 0) {
        *status = gnutls_privkey_import_x509_raw(certificate->key, &key_text, GNUTLS_X509_FMT_PEM, NULL, 0);
    }
    if (*status == 0) { *status = mayfly_tls_belongs(certificate); }
    if (*status == 0) { return certificate; }
    mayfly_tls_certificate_free(certificate);
    return NULL;
}

/// GnuTLS asks for the certificate of a session that `mayfly_tls_begin` has seen.
static int mayfly_tls_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                               const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
                               unsigned int *count, gnutls_privkey_t *key) {
    (void) authorities, (void) authority_count, (void) algorithms, (void) algorithm_count;
    struct mayfly_tls_certificate *certificate = gnutls_session_get_ptr(session);
    if (certificate == NULL) { return -1; }
    *chain = certificate->chain;
    *count = certificate->count;
    *key = certificate->key;
    return 0;
}

static inline void *mayfly_tls_retriever(void) { return (void *) &mayfly_tls_retrieve; }

/// Called with a new connection's session before its handshake: what it shows, and whether it asks the client for a
/// certificate, which the client may leave out. No authorities are named to the client: one with a self-signed
/// certificate would not show it.
static inline void mayfly_tls_begin(void *session, struct mayfly_tls_certificate *certificate, int asks) {
    gnutls_session_set_ptr(session, certificate);
    gnutls_certificate_server_set_request(session, asks ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
    gnutls_certificate_send_x509_rdn_sequence(session, 1);
}

/// The certificates that the client has shown and proven to hold the key of, leaf first; NULL for none. They last as
/// long as the session.
static inline const gnutls_datum_t *mayfly_tls_peers(void *session, unsigned int *count) {
    *count = 0;
    if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_X509) { return NULL; }
    return gnutls_certificate_get_peers(session, count);
}

static inline void mayfly_tls_send(void *session, const void *bytes, size_t count) {
    (void) gnutls_record_send(session, bytes, count);
}

#endif
