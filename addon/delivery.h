#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "library.h"
#include "response.h"

namespace wxpay_face {

class Delivery;

// One call on its way: plain data, so that any thread may hold it and let go of it last. (The promise is but a number
// to every other thread than the environment's. One that is never settled costs eight bytes: Node-API can't drop it.)
struct Call {
  Library library;
  std::vector<uint8_t> request;
  std::shared_ptr<Delivery> delivery;
  napi_deferred promise = nullptr;
  Answer answer;
  std::shared_ptr<Call> next;  // in the queue of finished calls; finishing must not need memory
};

// Takes finished calls from the call threads to one environment's JavaScript thread.
//
// The threads outlive the environment: worker.terminate() doesn't wait for a blocked call. So what they share with it
// is this object, kept alive by each call. After close() (called by an environment cleanup hook, under the same mutex)
// no thread touches the thread-safe function, which Node frees soon after; a thread that did crashed Node 18, 20
// and 22.
class Delivery {
 public:
  using Receive = void (*)(napi_env env, std::shared_ptr<Call> call, void* context);

  // Null, with a JavaScript exception pending, where Node can't.
  static std::shared_ptr<Delivery> open(napi_env env, Receive receive, void* context);

  // On the JavaScript thread: whether calls in flight keep its event loop alive.
  void hold_loop(napi_env env, bool hold);

  // On any thread.
  void finish(std::shared_ptr<Call> call) noexcept;

  // On the JavaScript thread. What finishes later is dropped.
  void close();

 private:
  static void deliver(napi_env env, napi_value, void* self, void*);
  std::shared_ptr<Call> take();

  Receive receive_ = nullptr;
  void* context_ = nullptr;
  napi_threadsafe_function wake_ = nullptr;

  std::mutex mutex_;
  bool alive_ = true;
  std::shared_ptr<Call> first_;
  Call* last_ = nullptr;
};

}  // namespace wxpay_face
