#pragma once

#include <cfenv>
#ifdef _MSC_VER
#include <xmmintrin.h>
#endif

namespace wxpay_face {

// What runs while this lives may change how its thread calculates: rounding, the smallest numbers, exceptions that
// trap. Start-up code of libraries does (Delphi's: 0/0 ends the process), and so do their calls. At the end all of it
// is as it was.
#if !defined(_MSC_VER) && (defined(__x86_64__) || defined(__i386__))

// The two control words by themselves: fegetenv and fesetenv read and write all of the x87 twice, a microsecond of each
// call, and mingw-w64's leave MXCSR out.
class FloatingPointGuard {
 public:
  FloatingPointGuard() { __asm__ __volatile__("fnstcw %0\n\tstmxcsr %1" : "=m"(x87_), "=m"(sse_)); }
  ~FloatingPointGuard() {
    // An exception that waits would trap in the next instruction of the x87, so it goes first; then registers that the
    // library's MMX code has left in use.
    __asm__ __volatile__("fnclex\n\temms\n\tfldcw %0\n\tldmxcsr %1" : : "m"(x87_), "m"(sse_));
  }
  FloatingPointGuard(const FloatingPointGuard&) = delete;
  FloatingPointGuard& operator=(const FloatingPointGuard&) = delete;

 private:
  unsigned short x87_;
  unsigned int sse_;
};

#else

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
  // MXCSR, which Microsoft's fegetenv leaves out in part.
#if defined(_M_X64) || defined(_M_IX86)
  static unsigned int sse_state() { return _mm_getcsr(); }
  static void set_sse_state(unsigned int state) { _mm_setcsr(state); }
#else
  static unsigned int sse_state() { return 0; }
  static void set_sse_state(unsigned int) {}
#endif

  unsigned int sse_;
  std::fenv_t environment_;
};

#endif

}  // namespace wxpay_face
