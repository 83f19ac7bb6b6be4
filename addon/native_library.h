#pragma once

#include <napi.h>

#include <memory>
#include <optional>
#include <string>

#include "environment.h"
#include "library.h"

namespace wxpay_face {

// The vendor's library, to JavaScript.
class NativeLibrary : public Napi::ObjectWrap<NativeLibrary> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit NativeLibrary(const Napi::CallbackInfo& info);

 private:
  // Loads it on a thread of its own: it may take its time, or hang.
  Napi::Value load(const Napi::CallbackInfo& info);
  Napi::Value call(const Napi::CallbackInfo& info);
  // What is under way no longer keeps the event loop alive; it may never come back.
  void give_up(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo&) { open_ = false; }

  std::string path_;
  std::shared_ptr<std::optional<Library>> library_ = std::make_shared<std::optional<Library>>();
  std::shared_ptr<Hold> hold_ = std::make_shared<Hold>();
  bool open_ = true;
};

// Nothing, with a JavaScript exception pending, if the argument is no path. The system would end it at a NUL.
std::optional<std::string> path_argument(const Napi::CallbackInfo& info);

}  // namespace wxpay_face
