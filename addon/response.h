#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "library.h"

namespace wxpay_face {

// More than any request or response can be; a library that claims more has a broken size, and reading it would run into
// memory that isn't the response's.
constexpr size_t kMaxBytes = size_t{64} << 20;

struct Answer {
  enum class Kind {
    answered,
    failed,         // wxpayCallFaceService returned non-zero: return_value says what
    null_response,  // success, no buffer, yet a size
    too_long,       // more than kMaxBytes
    out_of_memory,  // no room for the copy
  };
  Kind kind = Kind::failed;
  int return_value = 0;
  std::vector<uint8_t> body;
};

// Blocks for as long as the vendor's function does. The response is copied and, on this same thread, released.
Answer call_service(const Library& library, const std::vector<uint8_t>& request) noexcept;

}  // namespace wxpay_face
