// What a vendor library may hand out, any of it: the response must be copied whole, and given back exactly once if
// there is one to give back.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "response.h"

using namespace wxpay_face;

namespace {

// One call as the input says: what it returns, which size it claims, and whether it hands out a buffer.
int return_value;
bool has_buffer;
unsigned int claimed;
const uint8_t* bytes;
size_t size;

int given_back;
char* handed_out;

int call(const char* request, unsigned int request_size, char** response, unsigned int* response_size) {
  if (request == nullptr || request_size != size) abort();
  if (size > 0 && memcmp(request, bytes, size) != 0) abort();
  handed_out = nullptr;
  if (return_value != 0) {
    *response = reinterpret_cast<char*>(8);  // reading or releasing it crashes
  } else if (has_buffer) {
    // Exactly as large as claimed, unless that is more than may be read at all.
    const size_t allocated = claimed > kMaxBytes ? size : claimed;
    handed_out = static_cast<char*>(malloc(allocated));
    memset(handed_out, 'x', allocated);
    if (size > 0) memcpy(handed_out, bytes, std::min<size_t>(allocated, size));
    *response = handed_out;
  } else {
    *response = nullptr;
  }
  *response_size = claimed;
  return return_value;
}

void release(char** response) {
  if (*response != handed_out) abort();
  ++given_back;
  free(*response);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t length) {
  if (length < 6) return 0;
  return_value = static_cast<int8_t>(data[0] & 3) * (data[0] & 4 ? -1 : 1);
  has_buffer = data[1] & 1;
  memcpy(&claimed, data + 2, 4);
  if (claimed <= kMaxBytes) claimed %= 4096;  // between the two lies only time
  bytes = data + 6;
  size = length - 6;
  given_back = 0;

  const Answer answer = call_service({call, release}, {bytes, bytes + size});

  if (given_back != (return_value == 0 && has_buffer ? 1 : 0)) abort();
  if (return_value != 0) {
    if (answer.kind != Answer::Kind::failed || answer.return_value != return_value) abort();
  } else if (!has_buffer) {
    if (answer.kind != (claimed == 0 ? Answer::Kind::answered : Answer::Kind::null_response)) abort();
  } else if (claimed > kMaxBytes) {
    if (answer.kind != Answer::Kind::too_long) abort();
  } else {
    if (answer.kind != Answer::Kind::answered || answer.body.size() != claimed) abort();
    const size_t known = std::min<size_t>(claimed, size);
    if (known > 0 && memcmp(answer.body.data(), bytes, known) != 0) abort();
  }
  return 0;
}
