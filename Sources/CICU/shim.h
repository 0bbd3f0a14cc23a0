#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
// Macros only: they add the library's version to every function's name (`u_charAge_72`).
#include <unicode/urename.h>

// ICU's own headers are not included: they define types that Foundation's copy of ICU defines as
// well, in another version, and a module that sees both does not compile. These are the functions
// of ICU's stable C API that we call; UBool is int8_t, UChar32 int32_t, UChar 16 bits wide, and an
// error code an int that is positive after an error.
const void *unorm2_getNFCInstance(int *status);
const void *unorm2_getNFDInstance(int *status);
const void *unorm2_getNFKCInstance(int *status);
const void *unorm2_getNFKDInstance(int *status);
int32_t unorm2_normalize(const void *normalizer, const uint16_t *source, int32_t length,
                         uint16_t *target, int32_t capacity, int *status);
int unorm2_quickCheck(const void *normalizer, const uint16_t *text, int32_t length, int *status);
int8_t unorm2_isInert(const void *normalizer, int32_t code);
uint8_t u_getCombiningClass(int32_t code);
void u_charAge(int32_t code, uint8_t version[4]);
int8_t unorm2_hasBoundaryBefore(const void *normalizer, int32_t code);

/// The normalizer of a form: 0 is NFC, 1 NFD, 2 NFKC, 3 NFKD; NULL if ICU has no data.
static inline const void *icu_normalizer(int form) {
    int status = 0;
    const void *result = NULL;
    switch (form) {
    case 0: result = unorm2_getNFCInstance(&status); break;
    case 1: result = unorm2_getNFDInstance(&status); break;
    case 2: result = unorm2_getNFKCInstance(&status); break;
    default: result = unorm2_getNFKDInstance(&status); break;
    }
    return status <= 0 ? result : NULL;
}

/// Normalizes UTF-16; returns the length, which may exceed the capacity, or -1 after an error.
static inline int32_t icu_normalize(const void *normalizer, const uint16_t *source,
                                    int32_t length, uint16_t *target, int32_t capacity) {
    const int bufferOverflow = 15;
    int status = 0;
    int32_t result = unorm2_normalize(normalizer, source, length, target, capacity, &status);
    return status <= 0 || status == bufferOverflow ? result : -1;
}

static inline uint8_t icu_combining_class(int32_t code) {
    return u_getCombiningClass(code);
}

/// Whether a code point is unchanged and does not depend on what is before it.
static inline bool icu_is_quick(const void *normalizer, int32_t code) {
    const int yes = 1;
    if (u_getCombiningClass(code) != 0) return false;
    int status = 0;
    uint16_t text[2] = {(uint16_t)code, 0};
    int32_t length = 1;
    if (code > 0xFFFF) {
        text[0] = (uint16_t)(0xD7C0 + (code >> 10));
        text[1] = (uint16_t)(0xDC00 | (code & 0x3FF));
        length = 2;
    }
    return unorm2_quickCheck(normalizer, text, length, &status) == yes && status <= 0;
}

/// Whether a code point never changes and never interacts with others.
static inline bool icu_is_inert(const void *normalizer, int32_t code) {
    return unorm2_isInert(normalizer, code);
}

/// The version of Unicode that assigned a code point, major times 256 plus minor; 0 if none did.
static inline int icu_age(int32_t code) {
    uint8_t version[4];
    u_charAge(code, version);
    return version[0] << 8 | version[1];
}

/// Whether what is before a code point does not change what it and what follows become.
static inline bool icu_has_boundary_before(const void *normalizer, int32_t code) {
    return unorm2_hasBoundaryBefore(normalizer, code);
}
