//! stub
#![allow(missing_docs)]
use super::*;
pub struct Partial{pub rejected:u64,pub message:String}
pub fn decode_partial_success(_:Signal,_:Encoding,_:&[u8])->Option<Partial>{None}
pub fn decode_message(_:Encoding,_:&[u8])->Option<String>{None}
pub fn encode_partial_success(_:Signal,_:Encoding,_:u64,_:&str)->Vec<u8>{vec![]}
pub fn encode_status(_:Encoding,_:u32,_:&str)->Vec<u8>{vec![]}
pub fn retry_delay(_:&str)->Option<std::time::Duration>{None}
pub fn grpc_code_name(_:u32)->&'static str{""}
pub fn is_retryable_grpc(_:u32,_:bool)->bool{false}
