#include "call_thread.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "thread.h"

namespace wxpay_face {

namespace {

constexpr auto kIdleTime = std::chrono::seconds(10);

// Whoever is answered often asks again within microseconds, and to be awake then saves the dearest part of a call, the
// system's waking of a thread. Short enough to be nothing to an idle till.
constexpr auto kLingerTime = std::chrono::microseconds(50);

}  // namespace

CallThreads& CallThreads::instance() {
  static CallThreads& threads = *new CallThreads;
  return threads;
}

void CallThreads::run(Job job) {
  std::unique_lock<std::mutex> lock(mutex_);
  queue_.push_back(std::move(job));
  waiting_ = true;
  if (!summoned_ && !summon()) refuse_all(lock);
}

bool CallThreads::summon() {
  if (idle_.empty()) {
    try {
      idle_.reserve(threads_ + 1);  // so that a thread never needs memory to become idle
      if (!start_thread([this] { work(); })) return false;
    } catch (const std::exception&) {
      return false;
    }
    ++threads_;
  } else {
    idle_.back()->called = true;
    idle_.back()->wake.notify_one();
    idle_.pop_back();
  }
  summoned_ = true;
  return true;
}

Job CallThreads::take_first() {
  Job job = std::move(queue_.front());
  queue_.pop_front();
  waiting_ = !queue_.empty();
  return job;
}

void CallThreads::refuse_all(std::unique_lock<std::mutex>& lock) {
  while (!queue_.empty()) {
    Job job = take_first();
    lock.unlock();
    job(false);
    job = nullptr;
    lock.lock();
  }
}

void CallThreads::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  do {
    summoned_ = false;
    while (!queue_.empty() || linger(lock)) {
      Job job = take_first();
      if (!queue_.empty() && !summoned_ && !summon()) refuse_all(lock);
      lock.unlock();
      job(true);
      job = nullptr;
      lock.lock();
    }
  } while (wait_for_work(lock));
}

bool CallThreads::linger(std::unique_lock<std::mutex>& lock) {
  if (summoned_) return false;
  summoned_ = true;
  lock.unlock();
  const auto until = std::chrono::steady_clock::now() + kLingerTime;
  while (!waiting_ && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  lock.lock();
  summoned_ = false;
  return !queue_.empty();
}

bool CallThreads::wait_for_work(std::unique_lock<std::mutex>& lock) {
  Idler self;
  idle_.push_back(&self);
  if (self.wake.wait_for(lock, kIdleTime, [&] { return self.called; })) return true;
  idle_.erase(std::find(idle_.begin(), idle_.end(), &self));
  --threads_;
  return false;
}

}  // namespace wxpay_face
