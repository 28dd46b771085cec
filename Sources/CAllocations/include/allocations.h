#pragma once
#include <stdint.h>

/// Allocations of this process since its start; always 0 where the C library's allocator cannot be stood in front of.
uint64_t callocations_count(void);
