// The vendor's two functions (vendor page, 入口函数原型). Exported undecorated, cdecl.
#pragma once

#ifdef _WIN32
#define WXPAY_FACE_CALL __cdecl
#else
#define WXPAY_FACE_CALL
#endif

extern "C" {
typedef int(WXPAY_FACE_CALL* WxpayCallFaceService)(const char* request, unsigned int request_size, char** response,
                                                   unsigned int* response_size);
typedef void(WXPAY_FACE_CALL* WxpayReleaseResponse)(char** response);
}
