#include "environment.h"

#include "call_thread.h"

namespace wxpay_face {

Environment::Environment(Napi::Env env) : delivery_(Delivery::open(env, receive, this)) {
  // Hooks run last in, first out: this one before the thread-safe function's own, which open() added.
  if (delivery_ != nullptr) napi_add_env_cleanup_hook(env, end, this);
}

void Environment::launch(Napi::Env env, std::shared_ptr<Task> task, napi_deferred promise, std::shared_ptr<Hold> hold) {
  task->promise_ = promise;
  task->delivery_ = delivery_;
  task->hold_ = hold;
  CallThreads::instance().run([task](bool has_thread) {
    if (has_thread) {
      task->run();
    } else {
      task->refused_ = true;
    }
    task->delivery_->finish(task);
  });
  ++hold->in_flight;
  if (holding_++ == 0) delivery_->hold_loop(env, true);
}

void Environment::receive(napi_env env, std::shared_ptr<Errand> errand, void* self) {
  auto& environment = *static_cast<Environment*>(self);
  auto& task = static_cast<Task&>(*errand);
  --task.hold_->in_flight;
  if (!task.hold_->given_up && --environment.holding_ == 0) environment.delivery_->hold_loop(env, false);
  const Napi::HandleScope scope(env);
  if (task.refused_) {
    reject(env, task.promise_, "The system has no thread for it", "ERR_OUT_OF_RESOURCES");
  } else {
    task.settle(env, task.promise_);
  }
}

void Environment::give_up(Napi::Env env, Hold& hold) {
  hold.given_up = true;
  if (hold.in_flight == 0) return;
  holding_ -= hold.in_flight;
  if (holding_ == 0) delivery_->hold_loop(env, false);
}

Napi::Object Environment::keep(Napi::Env env, std::unique_ptr<FileLock> lock) {
  const uint32_t number = ++last_lock_;
  locks_.emplace(number, std::move(lock));
  Napi::Object holder = Napi::Object::New(env);
  holder.Set("release", Napi::Function::New(env, [this, number](const Napi::CallbackInfo&) { locks_.erase(number); }));
  return holder;
}

}  // namespace wxpay_face
