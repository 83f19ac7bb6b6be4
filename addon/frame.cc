#include "frame.h"

#include <algorithm>

namespace wxpay_face {

namespace {

constexpr size_t kWord = 4;
// A request is read by pieces, so that a length without the bytes doesn't cost 64 MiB.
constexpr size_t kPiece = size_t{64} << 10;

uint32_t read_word(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | uint32_t{bytes[3]};
}

void write_word(uint8_t* bytes, uint32_t word) {
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<uint8_t>(word >> (24 - 8 * i));
}

}  // namespace

ReadResult read_request(const ReadExactly& read, Request& request) {
  uint8_t word[kWord];
  if (!read(word, kWord)) return ReadResult::end;
  const size_t payload = read_word(word);
  if (payload < kWord || payload > kMaxPayload) return ReadResult::malformed;
  if (!read(word, kWord)) return ReadResult::end;
  request.id = read_word(word);
  if (request.id == 0) return ReadResult::malformed;
  const size_t size = payload - kWord;
  request.body.clear();
  while (request.body.size() < size) {
    const size_t position = request.body.size();
    const size_t piece = std::min(size - position, kPiece);
    request.body.resize(position + piece);
    if (!read(request.body.data() + position, piece)) return ReadResult::end;
  }
  return ReadResult::request;
}

std::vector<uint8_t> response_frame(uint32_t id, Outcome outcome, int32_t return_value, const uint8_t* body,
                                    size_t size) {
  std::vector<uint8_t> frame(4 * kWord + size);
  write_word(frame.data(), static_cast<uint32_t>(3 * kWord + size));
  write_word(frame.data() + kWord, id);
  write_word(frame.data() + 2 * kWord, static_cast<uint32_t>(outcome));
  write_word(frame.data() + 3 * kWord, static_cast<uint32_t>(return_value));
  std::copy(body, body + size, frame.data() + 4 * kWord);
  return frame;
}

}  // namespace wxpay_face
