#include "response.h"

#include <new>

#include "floating_point.h"

namespace wxpay_face {

namespace {

// Owns the vendor's buffer. After a non-zero return the out-parameters mean nothing, so nothing is owned then.
class VendorResponse {
 public:
  VendorResponse(const Library& library, const std::vector<uint8_t>& request) : library_(library) {
    // A library may read its request without looking at the size first; never hand it a null pointer.
    const char* bytes = request.empty() ? "" : reinterpret_cast<const char*>(request.data());
    return_value_ = library_.call(bytes, static_cast<unsigned int>(request.size()), &data_, &size_);
  }
  ~VendorResponse() {
    if (return_value_ == 0 && data_ != nullptr) library_.release(&data_);
  }
  VendorResponse(const VendorResponse&) = delete;
  VendorResponse& operator=(const VendorResponse&) = delete;

  int return_value() const { return return_value_; }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(data_); }
  size_t size() const { return size_; }

 private:
  const Library& library_;
  char* data_ = nullptr;
  unsigned int size_ = 0;
  int return_value_ = 0;
};

}  // namespace

Answer call_service(const Library& library, const std::vector<uint8_t>& request) noexcept {
  const FloatingPointGuard arithmetic;
  Answer answer;
  const VendorResponse response(library, request);
  answer.return_value = response.return_value();
  if (answer.return_value != 0) {
    answer.kind = Answer::Kind::failed;
  } else if (response.data() == nullptr && response.size() > 0) {
    answer.kind = Answer::Kind::null_response;
  } else if (response.size() > kMaxBytes) {
    answer.kind = Answer::Kind::too_long;
  } else {
    try {
      answer.body.assign(response.data(), response.data() + response.size());
      answer.kind = Answer::Kind::answered;
    } catch (const std::bad_alloc&) {
      answer.kind = Answer::Kind::out_of_memory;
    }
  }
  return answer;
}

}  // namespace wxpay_face
