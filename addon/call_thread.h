#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace wxpay_face {

// Called on a thread that it may block for as long as it likes. Or with false, if the system has no thread for it: then
// on another one, which it may not block. Must not throw.
using Job = std::function<void(bool has_thread)>;

// Threads that may block in the vendor's code for as long as it likes. Not libuv's: its four also serve fs and dns.
//
// A job never waits behind a blocked one: while the queue isn't empty a thread is on its way to it, and whoever takes a
// job sends the next thread for the rest before starting; if there is none to send, the rest is told so. A thread
// without work stays awake for a moment, sleeps, and ends after a while; sleepers are used last in, first out, so that
// a burst leaves few behind.
class CallThreads {
 public:
  // One for the process, shared by all environments and never destroyed: at exit its threads may be anywhere.
  static CallThreads& instance();

  // Throws std::bad_alloc if there is no memory; then the job is not called.
  void run(Job job);

 private:
  struct Idler {
    std::condition_variable wake;
    bool called = false;
  };

  bool summon();
  Job take_first();
  void refuse_all(std::unique_lock<std::mutex>& lock);
  void work();
  bool linger(std::unique_lock<std::mutex>& lock);
  bool wait_for_work(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::deque<Job> queue_;
  std::vector<Idler*> idle_;
  size_t threads_ = 0;
  bool summoned_ = false;             // a thread, woken, new or lingering, is on its way to the queue
  std::atomic<bool> waiting_{false};  // whether the queue holds a job, for a look without the mutex
};

}  // namespace wxpay_face
