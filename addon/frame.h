#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "response.h"

// The host process's frames: a big-endian length of four bytes, then so many bytes of payload. A request's payload is
// an id and the request's bytes; a response's is the same id, its outcome, what the vendor's function returned, and the
// response's bytes. Id, outcome and return value are big-endian and have four bytes, too.
namespace wxpay_face {

constexpr size_t kMaxPayload = kMaxBytes + 8;

struct Request {
  uint32_t id = 0;
  std::vector<uint8_t> body;
};

enum class ReadResult { request, end, malformed };

// Fills the whole buffer; false if the input ends before it is full.
using ReadExactly = std::function<bool(uint8_t* buffer, size_t size)>;

ReadResult read_request(const ReadExactly& read, Request& request);

// Beside the return value, since the vendor's function may return any. lib/face/errors.ts has the same numbers.
enum class Outcome : uint32_t { returned, null_response, too_long, out_of_memory, out_of_resources };

// `id` 0 is the greeting, whose return value is the system's error number and whose body is its text.
std::vector<uint8_t> response_frame(uint32_t id, Outcome outcome, int32_t return_value, const uint8_t* body,
                                    size_t size);

}  // namespace wxpay_face
