// The floor: the bare C call on another thread and the two hand-overs between the threads, nothing else.
//   floor LIBRARY BYTES CALLS      prints microseconds a call
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include "library.h"

namespace {

class Baton {
 public:
  void give() {
    const std::lock_guard<std::mutex> lock(mutex_);
    given_ = true;
    changed_.notify_one();
  }
  void take() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return given_; });
    given_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool given_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  const auto library = std::get<wxpay_face::Library>(wxpay_face::Library::load(argv[1]));
  const std::string request(strtoul(argv[2], nullptr, 10), 'x');
  const long calls = strtol(argv[3], nullptr, 10);

  Baton there;
  Baton back;
  std::thread worker([&] {
    for (long i = 0; i < calls; ++i) {
      there.take();
      char* response = nullptr;
      unsigned int size = 0;
      if (library.call(request.data(), static_cast<unsigned int>(request.size()), &response, &size) == 0) {
        library.release(&response);
      }
      back.give();
    }
  });
  const auto started = std::chrono::steady_clock::now();
  for (long i = 0; i < calls; ++i) {
    there.give();
    back.take();
  }
  const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - started;
  printf("%.3f\n", elapsed.count() / static_cast<double>(calls));
  worker.join();
}
