#pragma once
#include <stdbool.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/uversion.h>

// ICU's headers rename every function with the version of the library (`u_charAge_72`) through
// macros that Swift cannot see. These inline functions are what Swift calls.

/// The normalizer of a form: 0 is NFC, 1 NFD, 2 NFKC, 3 NFKD; NULL if ICU has no data.
static inline const UNormalizer2 *icu_normalizer(int form) {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *result = NULL;
    switch (form) {
    case 0: result = unorm2_getNFCInstance(&status); break;
    case 1: result = unorm2_getNFDInstance(&status); break;
    case 2: result = unorm2_getNFKCInstance(&status); break;
    default: result = unorm2_getNFKDInstance(&status); break;
    }
    return U_SUCCESS(status) ? result : NULL;
}

/// Normalizes UTF-16; returns the length, which may exceed the capacity, or -1 after an error.
static inline int32_t icu_normalize(const UNormalizer2 *normalizer, const uint16_t *source,
                                    int32_t length, uint16_t *target, int32_t capacity) {
    UErrorCode status = U_ZERO_ERROR;
    int32_t result = unorm2_normalize(normalizer, (const UChar *)source, length, (UChar *)target,
                                      capacity, &status);
    return U_SUCCESS(status) || status == U_BUFFER_OVERFLOW_ERROR ? result : -1;
}

/// Whether a code point is unchanged and does not depend on what is before it.
static inline bool icu_is_quick(const UNormalizer2 *normalizer, UChar32 code) {
    if (u_getCombiningClass(code) != 0) return false;
    UErrorCode status = U_ZERO_ERROR;
    UChar text[2];
    int32_t length = 0;
    U16_APPEND_UNSAFE(text, length, code);
    return unorm2_quickCheck(normalizer, text, length, &status) == UNORM_YES &&
           U_SUCCESS(status);
}

/// Whether a code point never changes and never interacts with others.
static inline bool icu_is_inert(const UNormalizer2 *normalizer, UChar32 code) {
    return unorm2_isInert(normalizer, code);
}

static inline uint8_t icu_combining_class(UChar32 code) {
    return u_getCombiningClass(code);
}

/// The version of Unicode that assigned a code point, major times 256 plus minor; 0 if none did.
static inline int icu_age(UChar32 code) {
    UVersionInfo version;
    u_charAge(code, version);
    return version[0] << 8 | version[1];
}

/// Whether a regular expression's `\w` holds a code point: Alphabetic, M, Nd, Pc, Join_Control.
static inline bool icu_is_word(UChar32 code) {
    uint32_t mask = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
    return u_isUAlphabetic(code) || (U_GET_GC_MASK(code) & mask) != 0 ||
           u_hasBinaryProperty(code, UCHAR_JOIN_CONTROL);
}
