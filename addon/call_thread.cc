#include "call_thread.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <pthread.h>
#endif

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

namespace wxpay_face {

namespace {

constexpr auto kIdleTime = std::chrono::seconds(10);

// Whoever is answered often asks again within microseconds, and to be awake then saves the dearest part of a call, the
// system's waking of a thread. Short enough to be nothing to an idle till.
constexpr auto kLingerTime = std::chrono::microseconds(50);

#ifdef _WIN32
void name_this_thread() {
  // Windows 10 has it; on Windows 7 a thread has no name.
  using SetThreadDescription = HRESULT(WINAPI*)(HANDLE, PCWSTR);
  const FARPROC function = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription");
  if (function == nullptr) return;
  reinterpret_cast<SetThreadDescription>(reinterpret_cast<void*>(function))(GetCurrentThread(), L"wxpay-face-call");
}
#else
void name_this_thread() { pthread_setname_np(pthread_self(), "wxpay-face-call"); }
#endif

}  // namespace

CallThreads& CallThreads::instance() {
  static CallThreads& threads = *new CallThreads;
  return threads;
}

void CallThreads::run(Job job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  queue_.push_back(std::move(job));
  waiting_ = true;
  if (summoned_) return;
  try {
    summon();
  } catch (...) {
    queue_.pop_back();
    waiting_ = !queue_.empty();
    throw;
  }
}

void CallThreads::summon() {
  if (idle_.empty()) {
    idle_.reserve(threads_ + 1);  // so that a thread never needs memory to become idle
    std::thread([this] { work(); }).detach();
    ++threads_;
  } else {
    idle_.back()->called = true;
    idle_.back()->wake.notify_one();
    idle_.pop_back();
  }
  summoned_ = true;
}

void CallThreads::work() {
  name_this_thread();
  std::unique_lock<std::mutex> lock(mutex_);
  do {
    summoned_ = false;
    while (!queue_.empty() || linger(lock)) {
      Job job = std::move(queue_.front());
      queue_.pop_front();
      waiting_ = !queue_.empty();
      if (!queue_.empty() && !summoned_) {
        try {
          summon();
        } catch (const std::exception&) {
          // No thread to be had: the rest waits for one that comes free, or for the next run().
        }
      }
      lock.unlock();
      job();
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
