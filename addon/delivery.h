#pragma once

#include <node_api.h>

#include <memory>
#include <mutex>

namespace wxpay_face {

// Something on its way: done on another thread, told on the JavaScript thread. Plain data, so that any thread may hold
// it and let go of it last.
class Errand {
 public:
  virtual ~Errand() = default;

 private:
  friend class Delivery;
  std::shared_ptr<Errand> next_;  // in the queue of finished ones; finishing must not need memory
};

// Takes finished errands from the call threads to one environment's JavaScript thread.
//
// The threads outlive the environment: worker.terminate() doesn't wait for a blocked call. So what they share with it
// is this object, kept alive by whoever is on an errand. After close() (called by an environment cleanup hook, under
// the same mutex) no thread touches the thread-safe function, which Node frees soon after; a thread that did crashed
// Node 18, 20 and 22.
class Delivery {
 public:
  using Receive = void (*)(napi_env env, std::shared_ptr<Errand> errand, void* context);

  // Null, with a JavaScript exception pending, if Node can't.
  static std::shared_ptr<Delivery> open(napi_env env, Receive receive, void* context);

  // On the JavaScript thread: whether errands under way keep its event loop alive.
  void hold_loop(napi_env env, bool hold);

  // On any thread.
  void finish(std::shared_ptr<Errand> errand) noexcept;

  // On the JavaScript thread. What finishes later is dropped.
  void close();

 private:
  static void deliver(napi_env env, napi_value, void* self, void*);
  std::shared_ptr<Errand> take();

  Receive receive_ = nullptr;
  void* context_ = nullptr;
  napi_threadsafe_function wake_ = nullptr;

  std::mutex mutex_;
  bool alive_ = true;
  std::shared_ptr<Errand> first_;
  Errand* last_ = nullptr;
};

}  // namespace wxpay_face
