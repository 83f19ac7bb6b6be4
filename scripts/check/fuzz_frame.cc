// The host process's frame parser on any input: what it reads as a request must be exactly what the input's frame says.
#include <cstdlib>
#include <cstring>

#include "frame.h"

using namespace wxpay_face;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  size_t position = 0;
  const ReadExactly read = [&](uint8_t* buffer, size_t count) {
    if (size - position < count) return false;
    memcpy(buffer, data + position, count);
    position += count;
    return true;
  };
  Request request;
  for (;;) {
    const size_t start = position;
    if (read_request(read, request) != ReadResult::request) return 0;
    if (request.id == 0 || position - start != 8 + request.body.size()) abort();
    if (!request.body.empty() && memcmp(data + start + 8, request.body.data(), request.body.size()) != 0) abort();
    // A response of the same id and bytes differs in its length, and in the outcome and the return value between.
    const auto response = response_frame(request.id, Outcome::returned, 0, request.body.data(), request.body.size());
    if (response.size() != position - start + 8 || memcmp(response.data() + 4, data + start + 4, 4) != 0) abort();
  }
}
