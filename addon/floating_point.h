#pragma once

#include <cfenv>
#ifdef _MSC_VER
#include <xmmintrin.h>
#endif

namespace wxpay_face {

// What runs while this lives may change how its thread calculates: rounding, the smallest numbers, exceptions that
// trap. Start-up code of libraries does (Delphi's: 0/0 ends the process), and so do their calls. At the end all of it
// is as it was.
class FloatingPointGuard {
 public:
  FloatingPointGuard() : sse_(sse_state()) { std::fegetenv(&environment_); }
  ~FloatingPointGuard() {
    std::fesetenv(&environment_);
    set_sse_state(sse_);
  }
  FloatingPointGuard(const FloatingPointGuard&) = delete;
  FloatingPointGuard& operator=(const FloatingPointGuard&) = delete;

 private:
  // MXCSR, which mingw-w64's fegetenv leaves out, and Microsoft's in part.
#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
  static unsigned int sse_state() { return _mm_getcsr(); }
  static void set_sse_state(unsigned int state) { _mm_setcsr(state); }
#elif defined(__x86_64__) || defined(__i386__)
  static unsigned int sse_state() {
    unsigned int state;
    __asm__ __volatile__("stmxcsr %0" : "=m"(state));
    return state;
  }
  static void set_sse_state(unsigned int state) { __asm__ __volatile__("ldmxcsr %0" : : "m"(state)); }
#else
  static unsigned int sse_state() { return 0; }
  static void set_sse_state(unsigned int) {}
#endif

  unsigned int sse_;
  std::fenv_t environment_;
};

}  // namespace wxpay_face
