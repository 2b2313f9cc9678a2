// SPDX-License-Identifier: Apache-2.0

// Package srp is SRP-6a as security 2 uses it (docs/spec/protocomm.md 5.1-5.3,
// 5.6): RFC 5054's group of 3072 bits and SHA-512, both sides.
//
// The arithmetic is a Montgomery field of fixed size on machine words of
// either width, 48 words of 64 bits or 96 of 32. The modulus ends in a whole
// word of ones, so that the Montgomery factor is 1, and -1/N need not be
// multiplied with. A value is any representative below 2^3072; only values that leave
// the package are reduced to below N.
//
// What is secret never decides which way the code goes or which memory it
// reads: the exponents a, b and x, the verifier, and everything made of them.
// Tables are read in whole. The exception is u, which everybody on the wire can
// compute: its digits index the table directly. Whether a private value is drawn
// anew does depend on secrets, but they go with it.
//
// # Cost
//
// The two bases that never change have comb tables of 96 KiB each: g, made when
// the group is used first, and v, made by NewDevice. The third, A·v^u, has a window
// table of 6 KiB for the time of one exponentiation. The table of g exists once in a
// program, the rest once for each Device, with 4 KiB of working memory.
//
// The tables bring the device's three exponentiations to 0.45 of the time that
// math/big takes for them, which is not constant.
//
// TinyGo, and every build with the tag wifiprov_small, has no combs: a Device keeps
// 1 KiB, and a handshake takes 8 KiB for as long as it lasts, 3 of them a window. It
// is 1029 squarings and 351 multiplications then, instead of 290 and 202.
package srp
