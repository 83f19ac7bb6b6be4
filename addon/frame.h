#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "response.h"

// The host process's frames: a big-endian length of four bytes, then so many bytes of payload. A request's payload is
// an id and the request's bytes; a response's is the same id, what the vendor's function returned, and the response's
// bytes.
namespace wxpay_face {

constexpr size_t kMaxPayload = kMaxBytes + 8;

struct Request {
  uint32_t id = 0;
  std::vector<uint8_t> body;
};

enum class ReadResult { request, end, malformed };

// Fills the whole buffer; false where the input ends before it is full.
using ReadExactly = std::function<bool(uint8_t* buffer, size_t size)>;

ReadResult read_request(const ReadExactly& read, Request& request);

// `id` 0 is the greeting, whose status is the system's error number and whose body is its text.
std::vector<uint8_t> response_frame(uint32_t id, int32_t status, const uint8_t* body, size_t size);

}  // namespace wxpay_face
