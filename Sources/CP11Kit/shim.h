// p11-kit: loads PKCS#11 modules; the calls are those of PKCS#11 2.40.
#ifndef MAYFLY_CP11Kit_SHIM_H
#define MAYFLY_CP11Kit_SHIM_H

#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <string.h>

// A module is a table of function pointers, and an object a list of attributes that point at their values: both are
// made here. Every function answers PKCS#11's own code; 0 is success.

typedef CK_FUNCTION_LIST mayfly_p11_module;

// Shared with other users of the module in this process; NULL when it cannot be loaded.
static inline mayfly_p11_module *mayfly_p11_load(const char *path) { return p11_kit_module_load(path, 0); }

// Fills `slots` with those that hold a token.
static inline CK_RV mayfly_p11_slots(mayfly_p11_module *m, CK_SLOT_ID *slots, CK_ULONG *count) {
    return m->C_GetSlotList(CK_TRUE, slots, count);
}

// The label is padded with spaces, not ended.
static inline CK_RV mayfly_p11_label(mayfly_p11_module *m, CK_SLOT_ID slot, unsigned char label[32], CK_FLAGS *flags) {
    CK_TOKEN_INFO info;
    CK_RV rv = m->C_GetTokenInfo(slot, &info);
    if (rv != CKR_OK) return rv;
    memcpy(label, info.label, 32);
    *flags = info.flags;
    return CKR_OK;
}

static inline CK_RV mayfly_p11_open(
    mayfly_p11_module *m, CK_SLOT_ID slot, int writes, CK_SESSION_HANDLE *session
) {
    return m->C_OpenSession(slot, CKF_SERIAL_SESSION | (writes ? CKF_RW_SESSION : 0), NULL, NULL, session);
}

static inline CK_RV mayfly_p11_close(mayfly_p11_module *m, CK_SESSION_HANDLE session) {
    return m->C_CloseSession(session);
}

static inline CK_RV mayfly_p11_login(
    mayfly_p11_module *m, CK_SESSION_HANDLE session, const unsigned char *pin, CK_ULONG length
) {
    return m->C_Login(session, CKU_USER, (unsigned char *)pin, length);
}

// Finds at most `*count` objects of a class; an id or a label of no bytes is any.
static inline CK_RV mayfly_p11_find(
    mayfly_p11_module *m, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const void *id, CK_ULONG idLength,
    const void *label, CK_ULONG labelLength, CK_OBJECT_HANDLE *found, CK_ULONG *count
) {
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE wanted[4] = {{CKA_CLASS, &class, sizeof class}, {CKA_TOKEN, &yes, sizeof yes}};
    CK_ULONG n = 2, room = *count;
    if (idLength) wanted[n++] = (CK_ATTRIBUTE){CKA_ID, (void *)id, idLength};
    if (labelLength) wanted[n++] = (CK_ATTRIBUTE){CKA_LABEL, (void *)label, labelLength};
    *count = 0;
    CK_RV rv = m->C_FindObjectsInit(session, wanted, n);
    if (rv != CKR_OK) return rv;
    rv = m->C_FindObjects(session, found, room, count);
    CK_RV end = m->C_FindObjectsFinal(session);
    return rv != CKR_OK ? rv : end;
}

// Copies an attribute's value; `*length` is the room before and the length after.
static inline CK_RV mayfly_p11_attribute(
    mayfly_p11_module *m, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *value,
    CK_ULONG *length
) {
    CK_ATTRIBUTE wanted = {type, value, *length};
    CK_RV rv = m->C_GetAttributeValue(session, object, &wanted, 1);
    *length = wanted.ulValueLen == CK_UNAVAILABLE_INFORMATION ? 0 : wanted.ulValueLen;
    return rv;
}

// RSASSA-PSS with SHA-256, MGF1 of the same hash and a salt as long (RFC 7518 §3.5).
static inline CK_RV mayfly_p11_sign(
    mayfly_p11_module *m, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
    const unsigned char *data, CK_ULONG length, unsigned char *signature, CK_ULONG *signatureLength
) {
    CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, 32};
    CK_MECHANISM mechanism = {type, NULL, 0};
    if (type == CKM_SHA256_RSA_PKCS_PSS) mechanism = (CK_MECHANISM){type, &pss, sizeof pss};
    CK_RV rv = m->C_SignInit(session, &mechanism, key);
    if (rv != CKR_OK) return rv;
    return m->C_Sign(session, (unsigned char *)data, length, signature, signatureLength);
}

// A key pair that stays in the token: the private half is sensitive and cannot be extracted, not even wrapped.
// `parameters` is the curve in DER; without one the pair is RSA of `bits` with exponent 65537.
static inline CK_RV mayfly_p11_generate(
    mayfly_p11_module *m, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const void *parameters,
    CK_ULONG parametersLength, CK_ULONG bits, const void *id, CK_ULONG idLength, const void *label,
    CK_ULONG labelLength, CK_OBJECT_HANDLE *publicKey, CK_OBJECT_HANDLE *privateKey
) {
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    unsigned char exponent[] = {1, 0, 1};
    CK_ATTRIBUTE publicHalf[7] = {
        {CKA_TOKEN, &yes, sizeof yes}, {CKA_VERIFY, &yes, sizeof yes}, {CKA_ID, (void *)id, idLength},
        {CKA_LABEL, (void *)label, labelLength},
    };
    CK_ULONG n = 4;
    if (parametersLength) {
        publicHalf[n++] = (CK_ATTRIBUTE){CKA_EC_PARAMS, (void *)parameters, parametersLength};
    } else {
        publicHalf[n++] = (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof bits};
        publicHalf[n++] = (CK_ATTRIBUTE){CKA_PUBLIC_EXPONENT, exponent, sizeof exponent};
    }
    CK_ATTRIBUTE privateHalf[] = {
        {CKA_TOKEN, &yes, sizeof yes}, {CKA_PRIVATE, &yes, sizeof yes}, {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &no, sizeof no}, {CKA_SIGN, &yes, sizeof yes}, {CKA_DECRYPT, &no, sizeof no},
        {CKA_UNWRAP, &no, sizeof no}, {CKA_ID, (void *)id, idLength}, {CKA_LABEL, (void *)label, labelLength},
    };
    // An elliptic curve key neither decrypts nor unwraps, and some tokens refuse to be told so.
    CK_ULONG privateCount = sizeof privateHalf / sizeof *privateHalf;
    if (parametersLength) {
        privateHalf[5] = privateHalf[7];
        privateHalf[6] = privateHalf[8];
        privateCount = 7;
    }
    CK_MECHANISM mechanism = {type, NULL, 0};
    return m->C_GenerateKeyPair(
        session, &mechanism, publicHalf, n, privateHalf, privateCount, publicKey, privateKey);
}

static inline CK_RV mayfly_p11_rename(
    mayfly_p11_module *m, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const void *id, CK_ULONG idLength,
    const void *label, CK_ULONG labelLength
) {
    CK_ATTRIBUTE changed[] = {{CKA_ID, (void *)id, idLength}, {CKA_LABEL, (void *)label, labelLength}};
    return m->C_SetAttributeValue(session, object, changed, 2);
}

static inline CK_RV mayfly_p11_destroy(mayfly_p11_module *m, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
    return m->C_DestroyObject(session, object);
}

#endif
