#include "delivery.h"

#include <utility>

namespace wxpay_face {

std::shared_ptr<Delivery> Delivery::open(napi_env env, Receive receive, void* context) {
  auto delivery = std::make_shared<Delivery>();
  delivery->receive_ = receive;
  delivery->context_ = context;
  napi_value name;
  if (napi_create_string_utf8(env, "wxpay-face", NAPI_AUTO_LENGTH, &name) != napi_ok) return nullptr;
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, delivery.get(), deliver,
                                      &delivery->wake_) != napi_ok) {
    return nullptr;
  }
  napi_unref_threadsafe_function(env, delivery->wake_);
  return delivery;
}

void Delivery::hold_loop(napi_env env, bool hold) {
  if (hold) {
    napi_ref_threadsafe_function(env, wake_);
  } else {
    napi_unref_threadsafe_function(env, wake_);
  }
}

void Delivery::finish(std::shared_ptr<Errand> errand) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!alive_) return;
  Errand* const added = errand.get();
  if (first_ == nullptr) {
    first_ = std::move(errand);
    // One wake-up fetches all that is finished by then.
    napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
  } else {
    last_->next_ = std::move(errand);
  }
  last_ = added;
}

std::shared_ptr<Errand> Delivery::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  last_ = nullptr;
  return std::exchange(first_, nullptr);
}

void Delivery::deliver(napi_env env, napi_value, void* self, void*) {
  if (env == nullptr) return;  // Node empties the queue of an environment that is gone
  auto* const delivery = static_cast<Delivery*>(self);
  std::shared_ptr<Errand> errand = delivery->take();
  while (errand != nullptr) {
    std::shared_ptr<Errand> next = std::move(errand->next_);
    delivery->receive_(env, std::move(errand), delivery->context_);
    errand = std::move(next);
  }
}

void Delivery::close() {
  std::shared_ptr<Errand> dropped;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    alive_ = false;
    dropped = std::exchange(first_, nullptr);
  }
  while (dropped != nullptr) dropped = std::exchange(dropped->next_, nullptr);
  napi_release_threadsafe_function(wake_, napi_tsfn_abort);
}

}  // namespace wxpay_face
