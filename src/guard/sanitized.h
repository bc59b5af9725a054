/*
 * sanitized: whether this is a build with AddressSanitizer or ThreadSanitizer. Their runtimes make system calls that no filter of
 * hearth's allows (they look into /proc, trace for leaks, map shadow memory), so such a build's programs run with every layer of
 * the jail but the filter; the filter is tested in the plain build.
 */
#ifndef HEARTH_GUARD_SANITIZED_H
#define HEARTH_GUARD_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GUARD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GUARD_SANITIZED 1
#endif
#endif
#ifndef GUARD_SANITIZED
#define GUARD_SANITIZED 0
#endif

#endif
